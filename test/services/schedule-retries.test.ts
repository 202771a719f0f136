import { describe, expect, it } from 'vitest';
import {
  act,
  define,
  look,
  MINUTE,
  minutes,
  newest,
  runs,
  scheduleLine,
  told,
  work,
  workOne,
} from './schedule-line.ts';
import { type TestLine, untilAborted } from './support.ts';

const RETRIES = { pattern: '@hourly', retries: { count: 3, backoff_ms: MINUTE } };

/** A schedule whose command fails so often before it succeeds. */
async function failing(times: number, more = {}) {
  const line = await scheduleLine();
  let left = times;
  line.machine.when('save', async () => ({ exitCode: left-- > 0 ? 3 : 0 }));
  await define(line, { ...runs('save'), ...RETRIES, ...more });
  await look(line, 60 * MINUTE);
  return line;
}

const tries = (line: TestLine) => line.machine.ran.filter((argv) => argv === 'save').length;

describe('F50: a slot that fails', () => {
  it('is tried again under an id of its own, after a pause that doubles', async () => {
    const line = await failing(2);
    expect(await work(line)).toEqual(['backup.20261123t100000z']);
    expect(newest(line)).toMatchObject({ state: 'waiting', attempt: 2, startAt: line.clock.now() + MINUTE });
    await look(line, MINUTE - 1_000);
    expect(await work(line)).toEqual([]);
    await look(line, 1_000);
    expect(await work(line)).toEqual(['backup.20261123t100000z.r2']);
    expect(newest(line)).toMatchObject({ state: 'waiting', attempt: 3, startAt: line.clock.now() + 2 * MINUTE });
    line.clock.pass(2 * MINUTE);
    // Nobody but the scheduler's own clock wakes it.
    line.clock.wake();
    await expect.poll(() => line.schedules.queue.size).toBe(1);
    expect(await work(line)).toEqual(['backup.20261123t100000z.r3']);
    expect(newest(line)).toMatchObject({ state: 'ran', outcome: 'completed', attempt: 3 });
    expect([line.ledger.schedule('backup')?.failures, line.ledger.alerts()]).toEqual([0, []]);
  });

  it('has failed once, with one alert, when no try is left', async () => {
    const line = await failing(9);
    await work(line);
    await minutes(line, 8);
    expect(tries(line)).toBe(4);
    expect(newest(line)).toMatchObject({ state: 'ran', outcome: 'failed', attempt: 4 });
    expect(line.ledger.schedule('backup')?.failures).toBe(1);
    expect(line.ledger.alerts()).toMatchObject([{ code: 'schedule-failed' }]);
    await minutes(line, 20);
    expect(tries(line)).toBe(4);
  });

  it('is not tried again where its definition is another one by then', async () => {
    const line = await failing(9);
    await work(line);
    await define(line, { ...RETRIES, purpose: 'Another purpose, under the same name' });
    await minutes(line, 2);
    expect(newest(line)).toMatchObject({ state: 'skipped', reason: 'backup has another definition now, or none' });
    expect([tries(line), line.ledger.schedule('backup')?.failures]).toEqual([1, 0]);
  });

  it('is not tried again where it is paused by then', async () => {
    const line = await failing(9);
    await work(line);
    await act(line, 'cron.pause', { schedule: 'backup', reason: 'the disk is full' });
    expect(newest(line)).toMatchObject({ state: 'skipped', reason: 'backup is paused: the disk is full' });
    expect(line.ledger.alerts()).toEqual([]);
  });
});

it('F50: a slot is ended at its limit, and has failed', async () => {
  const line = await scheduleLine();
  let begun = false;
  line.machine.when(
    'save',
    untilAborted(() => {
      begun = true;
    }),
  );
  await define(line, { ...runs('save'), pattern: '@hourly', limit_ms: 5_000 });
  await look(line, 60 * MINUTE);
  const running = workOne(line);
  await expect.poll(() => begun).toBe(true);
  line.clock.advance(4_999);
  expect(line.running.taskIds).toEqual(['backup.20261123t100000z']);
  line.clock.advance(1);
  await running;
  expect(newest(line)).toMatchObject({
    state: 'ran',
    outcome: 'failed',
    reason: 'time-limit: it took longer than its limit of 5000 ms',
  });
});

/** The first slot runs until `end` is called. */
async function overlapping(overlap: 'skip' | 'queue' | 'replace') {
  const line = await scheduleLine();
  const { promise, resolve } = Promise.withResolvers<object>();
  let first = true;
  line.machine.when('save', async (signal) => {
    if (!first) return {};
    first = false;
    const aborted = untilAborted();
    return Promise.race([promise, aborted(signal)]);
  });
  await define(line, { ...runs('save'), overlap });
  await look(line, MINUTE);
  const running = workOne(line);
  await expect.poll(() => line.machine.ran.length).toBe(1);
  await look(line, MINUTE);
  const end = async () => {
    resolve({});
    await running;
    await line.schedules.scheduler.idle();
    await work(line);
  };
  return { line, running, end };
}

describe('F50: a slot that is due while the one before it runs', () => {
  it('is skipped', async () => {
    const { line, end } = await overlapping('skip');
    expect(newest(line)).toMatchObject({ state: 'skipped', reason: 'the slot before it has not ended' });
    await end();
    expect(told(line)).toEqual(['09:01 ran', '09:02 skipped']);
  });

  it('waits for it', async () => {
    const { line, end } = await overlapping('queue');
    await look(line, MINUTE);
    expect(told(line)).toEqual(['09:01 enqueued', '09:02 waiting', '09:03 waiting']);
    await end();
    expect(told(line)).toEqual(['09:01 ran', '09:02 ran', '09:03 ran']);
  });

  it('has it taken back, and runs in its place', async () => {
    const { line, running } = await overlapping('replace');
    await running;
    await line.schedules.scheduler.idle();
    await work(line);
    expect(told(line)).toEqual(['09:01 skipped', '09:02 ran']);
    expect(line.ledger.slots('backup', 9)[1]).toMatchObject({
      outcome: 'cancelled',
      reason: expect.stringMatching(/replaced by backup\.20261123t090200z/),
    });
    expect(line.ledger.schedule('backup')?.failures).toBe(0);
  });
});

describe.each(['skip', 'queue', 'replace'] as const)(
  'F50: a slot whose lock another task holds, overlap %s',
  (overlap) => {
    it('runs when it is free, and those due meanwhile by their policy', async () => {
      const line = await scheduleLine();
      await define(line, { ...runs('save'), overlap });
      const lock = await line.locks.take(['program:save']);
      await look(line, MINUTE);
      const waiting = workOne(line);
      await look(line, MINUTE);
      const [second] = line.ledger.slots('backup', 1);
      expect(second?.state).toBe({ skip: 'skipped', queue: 'waiting', replace: 'enqueued' }[overlap]);
      lock[Symbol.dispose]();
      await waiting;
      await work(line);
      expect(told(line)).toEqual(
        {
          skip: ['09:01 ran', '09:02 skipped'],
          queue: ['09:01 ran', '09:02 ran'],
          replace: ['09:01 skipped', '09:02 ran'],
        }[overlap],
      );
    });
  },
);

it('F50: an end is written also where another slot is due and not yet claimed', async () => {
  const line = await scheduleLine();
  await define(line);
  await define(line, { name: 'other' });
  await look(line, MINUTE);
  line.clock.pass(MINUTE);
  await work(line);
  expect([told(line), told(line, 'other')]).toEqual([
    ['09:01 ran', '09:02 ran'],
    ['09:01 ran', '09:02 skipped'],
  ]);
  expect(line.schedules.problems).toEqual([]);
});
