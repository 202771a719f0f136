import { expect, it } from 'vitest';
import { alertsOf, define, MINUTE, minutes, newest, scheduleLine, told, work } from './schedule-line.ts';
import { HOUR, START, type TestLine } from './support.ts';

const DAY = 24 * HOUR;

/** The clock watch notices it, and the scheduler looks. */
async function setClock(line: TestLine, ms: number): Promise<void> {
  line.clock.pass(ms);
  line.ledger.write(() => line.ledger.sawTime(line.clock.now()));
  line.schedules.scheduler.afterGap();
  await line.schedules.scheduler.idle();
}

/** `ops clock accept`. */
async function acceptClock(line: TestLine): Promise<void> {
  const { ledger, clock, schedules } = line;
  const accepted = await ledger.commit(() => ledger.acceptTime(ledger.latestTime(), clock.now()));
  expect(accepted).toBe(true);
  schedules.scheduler.afterGap();
  await schedules.scheduler.idle();
}

it('F48: a clock that is set back 2 hours: no slot runs twice, and all go on when it has caught up', async () => {
  const line = await scheduleLine();
  await define(line);
  await minutes(line, 3);
  await setClock(line, -2 * HOUR);
  await minutes(line, 5);
  expect(told(line)).toEqual(['09:01 ran', '09:02 ran', '09:03 ran']);
  await setClock(line, 2 * HOUR - 5 * MINUTE);
  await minutes(line, 2);
  expect(told(line)).toEqual(['09:01 ran', '09:02 ran', '09:03 ran', '09:04 ran', '09:05 ran']);
  expect(alertsOf(line)).toEqual([]);
});

it('F48: a clock that was 2 hours ahead, and is accepted: what ran is not run again, what did not is', async () => {
  const line = await scheduleLine();
  await define(line, { pattern: '*/30 * * * *' });
  await setClock(line, 2 * HOUR);
  await work(line);
  await minutes(line, 30);
  expect(told(line)).toEqual(['09:30-10:30 missed 3', '11:00 ran', '11:30 ran']);
  await setClock(line, -2 * HOUR);
  await acceptClock(line);
  expect(told(line)).toEqual(['09:30 enqueued', '11:00 ran', '11:30 ran']);
  await minutes(line, 180);
  const due = ['09:30', '10:00', '10:30', '11:00', '11:30', '12:00', '12:30'];
  expect(told(line)).toEqual(due.map((at) => `${at} ran`));
  expect(line.schedules.problems).toEqual([]);
});

it.each(['none', 'latest', 'all'] as const)(
  'F48: a clock that was in 2038, and is accepted: schedules go on at the right time (catch up %s)',
  async (catch_up) => {
    const line = await scheduleLine();
    await define(line, { catch_up });
    await minutes(line, 2);
    await setClock(line, 11.5 * 365 * DAY);
    await minutes(line, 2);
    expect(alertsOf(line)).toContain('schedule-lapsed raised schedule:mini-1/backup');
    await setClock(line, START + 5 * MINUTE - line.clock.now());
    await acceptClock(line);
    await work(line);
    await minutes(line, 3);
    expect(told(line).slice(0, 2)).toEqual(['09:01 ran', '09:02 ran']);
    expect(told(line).slice(-3)).toEqual(['09:06 ran', '09:07 ran', '09:08 ran']);
    expect(line.ledger.slots('backup', 99).reduce((sum, { count }) => sum + count, 0)).toBe(8);
    expect(alertsOf(line)).not.toContain('schedule-lapsed raised schedule:mini-1/backup');
    expect(line.ledger.openSlots()).toEqual([]);
    expect(line.schedules.problems).toEqual([]);
  },
);

it('F48: a slot that a clock which was ahead had put on the queue runs when it is due', async () => {
  const line = await scheduleLine();
  await define(line, { pattern: '0 * * * *' });
  await setClock(line, 61 * MINUTE - 30_000);
  expect([...line.schedules.queue.keys()]).toEqual(['backup.20261123t100000z']);
  await setClock(line, -61 * MINUTE + 30_000);
  await acceptClock(line);
  await work(line);
  expect(told(line)).toEqual([]);
  await minutes(line, 60);
  expect(told(line)).toEqual(['10:00 ran']);
  expect(newest(line)).toMatchObject({ outcome: 'completed', attempt: 1 });
});

it('F48: what waits for its next try since a clock was ahead is tried at once when it is right', async () => {
  const line = await scheduleLine();
  line.machine.beforeWrite = async () => Promise.reject(new Error('the disk is away'));
  await define(line, { pattern: '@hourly', retries: { count: 3, backoff_ms: HOUR } });
  await setClock(line, HOUR);
  await work(line);
  expect(newest(line)).toMatchObject({ state: 'waiting', attempt: 2, startAt: START + 2 * HOUR });
  await setClock(line, -HOUR + MINUTE);
  line.machine.beforeWrite = async () => undefined;
  await acceptClock(line);
  await work(line);
  expect(newest(line)).toMatchObject({ state: 'ran', outcome: 'completed', attempt: 2 });
});
