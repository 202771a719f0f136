import { describe, expect, it } from 'vitest';
import { admissionTime, secondsBehind } from '../../src/admission/checks/time.ts';
import { utcTime } from '../../src/contract/names.ts';
import type { Task } from '../../src/contract/task.ts';
import { lineOf, type TestLine } from '../support/line.ts';
import {
  actionsTask,
  DAY,
  deliveryOf,
  HOUR,
  MINUTE,
  NOW,
  ringOf,
  roleKeys,
  seconds,
  tokenOf,
} from '../support/tasks.ts';

const keys = await roleKeys();

/** A host whose line has seen the time of an earlier task. */
async function hostAt(now: number): Promise<TestLine> {
  const line = lineOf({ ring: ringOf(Object.values(keys)), now });
  line.ledger.write(() => line.ledger.sawTime(now));
  return line;
}

/** A task signed by everybody for an hour from `at`; how it ends, by its reason. */
async function ask(line: TestLine, taskId: string, at: number): Promise<string> {
  const task: Task = actionsTask({ task_id: taskId, expires_at: utcTime(at + 7 * DAY) });
  const time = { iat: seconds(at), exp: seconds(at + HOUR) };
  const signers = [keys.manager, keys['plan-review'], keys.security];
  const tokens = await Promise.all(signers.map((key) => tokenOf(key, task, time)));
  const end = await line.deliver(deliveryOf(task, tokens));
  return end.kind === 'refused' ? (end.opsOutput.blockers[0]?.code ?? '') : end.kind;
}

describe('a clock that is set back', () => {
  it('T7, F48: by a minute revives no approval that has expired', async () => {
    using line = await hostAt(NOW + HOUR);
    expect(await ask(line, 'expired', NOW)).toBe('token-expired');
    line.setting.now = NOW + HOUR - MINUTE;
    expect(await ask(line, 'revived', NOW)).toBe('token-expired');
    expect(await ask(line, 'good', NOW + MINUTE)).toBe('ran');
  });

  it('T7, F48: by two hours has every task refused, until an operator accepts it', async () => {
    using line = await hostAt(NOW + 2 * HOUR);
    line.setting.now = NOW;
    for (const at of [NOW - HOUR, NOW, NOW + 2 * HOUR]) expect(await ask(line, `t-${at}`, at)).not.toBe('ran');
    expect(await ask(line, 'revived', NOW)).toBe('clock');
    expect(line.touched).toEqual([]);
    expect(line.ledger.write(() => line.ledger.acceptTime(NOW + 2 * HOUR, NOW))).toBe(true);
    expect(await ask(line, 'good', NOW)).toBe('ran');
  });

  it('T7: does not hide that an approval is of the far future, or valid for too long', async () => {
    using line = await hostAt(NOW);
    expect(await ask(line, 'future', NOW + 10 * MINUTE)).toBe('token-expired');
    const task = actionsTask({ task_id: 'long', expires_at: utcTime(NOW + 7 * DAY) });
    const long = { iat: seconds(NOW), exp: seconds(NOW + 7 * DAY) + 1 };
    const end = await line.deliver(deliveryOf(task, [await tokenOf(keys.manager, task, long)]));
    expect(end).toMatchObject({ kind: 'refused', opsOutput: { blockers: [{ code: 'token-expired' }] } });
  });
});

describe('a clock that is set forward', () => {
  it('F48: by three hours has what expired meanwhile refused, and once it is right again everything', async () => {
    using line = await hostAt(NOW);
    line.setting.now = NOW + 3 * HOUR;
    expect(await ask(line, 'early', NOW)).toBe('token-expired');
    line.setting.now = NOW + MINUTE;
    expect(await ask(line, 'later', NOW)).toBe('clock');
    line.ledger.write(() => line.ledger.acceptTime(NOW + 3 * HOUR, NOW + MINUTE));
    expect(await ask(line, 'good', NOW)).toBe('ran');
    expect(line.reports().at(-1)?.evidence).toMatchObject({ outcome: 'completed', ended_at: utcTime(NOW + MINUTE) });
  });

  it('F48: works in 2038 and after, when 32 bits of seconds are over', async () => {
    const later = Date.parse('2038-01-19T03:14:08Z');
    using line = await hostAt(later - HOUR);
    line.setting.now = later;
    expect(await ask(line, 'late', later)).toBe('ran');
    expect(line.reports()[0]?.evidence).toMatchObject({ claimed_at: '2038-01-19T03:14:08Z', outcome: 'completed' });
  });
});

it('F48: admission never goes by a time before the latest one seen, but for a clock that it refuses', () => {
  expect(admissionTime(NOW, NOW + 120_000)).toBe(NOW + 120_000);
  expect(admissionTime(NOW + 1, NOW)).toBe(NOW + 1);
  expect([admissionTime(NOW, NOW + 120_001), secondsBehind(NOW, NOW + 120_001)]).toEqual([NOW, 120]);
  expect(secondsBehind(NOW, NOW + 120_000)).toBeNull();
});

it('F48: times are UTC, wherever the host is and however often it moves', () => {
  const before = process.env['TZ'];
  const texts = ['UTC', 'America/New_York', 'Pacific/Kiritimati'].map((zone) => {
    process.env['TZ'] = zone;
    return [utcTime(NOW), new Date(NOW).getHours()];
  });
  if (before === undefined) delete process.env['TZ'];
  else process.env['TZ'] = before;
  expect(texts).toEqual([10, 5, 0].map((hour) => ['2026-11-23T10:00:00Z', hour]));
});
