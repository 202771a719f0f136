import { describe, expect, it } from 'vitest';
import { refused } from '../../src/admission/reasons.ts';
import { AlertMessage } from '../../src/contract/alert.ts';
import { HOST, TestClock, tellers, testLedger } from './support.ts';

const delivery = { queue: 'ops', jobId: 'j', name: 'x', data: null, scheduled: false, deliveries: 0 };

describe('an alert', () => {
  it('goes out in the same sequence as reports', async () => {
    const ledger = testLedger();
    let appended = 0;
    const { alerter, reporter } = tellers(ledger, new TestClock(), HOST, () => {
      appended += 1;
    });
    await reporter.refuse({ delivery, task: null, digest: null, attestedBy: [] }, refused('malformed', 'no'));
    await alerter.raise('a-1', { severity: 'critical', code: 'c', subject: 'host:mini-1', message: 'm' });
    const [, row] = ledger.messagesAfter(0, 9);
    expect(row).toMatchObject({ seq: 2, kind: 'alert', id: 'a-1-raised' });
    const { alert, evidence } = AlertMessage.parse({ ...row?.body, signature: 's' });
    expect(alert).toMatchObject({ alert_id: 'a-1', state: 'raised', severity: 'critical' });
    expect(evidence).toMatchObject({ seq: 2, host: 'mini-1' });
    expect(appended).toBe(2);
    expect(ledger.alerts()).toEqual([alert]);
  });

  it('is acknowledged while it stands, and cleared once', async () => {
    const ledger = testLedger();
    const { alerter } = tellers(ledger, new TestClock());
    const states = () => ledger.messagesAfter(0, 9).map(({ id }) => id);
    await alerter.raise('a-1', { severity: 'info', code: 'c', subject: 's', message: 'm' });
    expect(await ledger.commit(() => [alerter.acknowledge('a-1'), alerter.acknowledge('a-1')])).toEqual([true, false]);
    expect(await ledger.commit(() => alerter.acknowledge('another'))).toBe(false);
    for (const id of ['a-1', 'a-1', 'another']) await alerter.clear(id);
    expect(await ledger.commit(() => alerter.acknowledge('a-1'))).toBe(false);
    expect(states()).toEqual(['a-1-raised', 'a-1-acknowledged', 'a-1-cleared']);
  });
});
