import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/contract/alert.ts';
import { Unread } from '../../src/services/unread.ts';
import { TestClock, tellers, testLedger } from './support.ts';

function setUp(clock = new TestClock(), ledger = testLedger(clock)) {
  const { alerter } = tellers(ledger, clock);
  const counts = { 'ops-results': 0, 'ops-alerts': 0 };
  const queues = new Map(Object.keys(counts).map((name) => [name, async () => counts[name as keyof typeof counts]]));
  const unread = new Unread({ queues, ledger, alerter });
  const sent = () =>
    ledger.messagesAfter(0, 100).map(({ id, body }) => ({ id, ...(body as { alert: Alert }).alert }) as const);
  return { clock, ledger, counts, unread, sent };
}

describe('what nobody reads', () => {
  it('T14: is an alert from the 10,001st message on, once, and cleared when it falls below', async () => {
    const { counts, unread, sent } = setUp();
    counts['ops-results'] = 10_000;
    await unread.look();
    expect(sent()).toEqual([]);
    counts['ops-results'] = 10_001;
    for (let n = 0; n < 3; n += 1) await unread.look();
    expect(sent()).toMatchObject([
      {
        state: 'raised',
        code: 'unread',
        subject: 'queue:ops-results',
        message: '10001 jobs wait in ops-results, more than 10000',
      },
    ]);
    counts['ops-results'] = 9_999;
    for (let n = 0; n < 3; n += 1) await unread.look();
    const [raised, cleared, ...more] = sent();
    expect([cleared?.state, cleared?.alert_id, more]).toEqual(['cleared', raised?.alert_id, []]);
    expect(cleared?.id).not.toBe(raised?.id);
    counts['ops-results'] = 20_000;
    await unread.look();
    expect(sent().map(({ state }) => state)).toEqual(['raised', 'cleared', 'raised']);
  });

  it('is told of each queue by itself', async () => {
    const { counts, unread, sent } = setUp();
    Object.assign(counts, { 'ops-results': 10_001, 'ops-alerts': 10_001 });
    await unread.look();
    counts['ops-alerts'] = 0;
    await unread.look();
    expect(sent().map(({ state, subject }) => `${state} ${subject}`)).toEqual([
      'raised queue:ops-results',
      'raised queue:ops-alerts',
      'cleared queue:ops-alerts',
    ]);
  });

  it('is neither told again by the next daemon, nor left standing', async () => {
    const before = setUp();
    before.counts['ops-results'] = 10_001;
    await before.unread.look();
    const after = setUp(before.clock, before.ledger);
    after.counts['ops-results'] = 10_002;
    await after.unread.look();
    expect(after.sent()).toHaveLength(1);
    after.counts['ops-results'] = 0;
    await after.unread.look();
    expect(after.sent().map(({ state }) => state)).toEqual(['raised', 'cleared']);
  });
});
