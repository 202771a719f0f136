import { describe, expect, it } from 'vitest';
import { attest } from '../../src/contract/attestation.ts';
import { taskDigest } from '../../src/contract/digest.ts';
import type { StepKinds } from '../../src/services/step-kind.ts';
import {
  act,
  define,
  deliverSlot,
  dueSlot,
  hostStatement,
  look,
  MINUTE,
  minutes,
  newest,
  restarted,
  scheduleLine,
  told,
  work,
} from './schedule-line.ts';
import { actionsTask, HOUR, submit, type TestLine, testKeys } from './support.ts';

const writes = (line: TestLine) => line.machine.touched.filter((path) => path === '/var/backup').length;

describe('F50: a slot runs exactly once, where the daemon dies', () => {
  it('before it is claimed', async () => {
    const before = await scheduleLine();
    await define(before);
    before.clock.pass(MINUTE);
    const line = await restarted(before);
    expect(await work(line)).toHaveLength(1);
    expect([told(line), writes(line)]).toEqual([['09:01 ran'], 1]);
  });

  it('after it is claimed, before it is put on the queue', async () => {
    const before = await scheduleLine();
    await define(before);
    before.clock.pass(MINUTE);
    const { ledger } = before;
    // Redis fails while it is put there.
    before.schedules.queue.has = () => {
      throw new Error('Redis is away');
    };
    await look(before);
    expect(before.schedules.problems).toHaveLength(1);
    expect(ledger.openSlots()).toMatchObject([{ state: 'enqueued' }]);
    const line = await restarted(before);
    expect(line.schedules.queue.size).toBe(0);
    await line.schedules.scheduler.keep();
    expect(await work(line)).toHaveLength(1);
    expect([told(line), writes(line)]).toEqual([['09:01 ran'], 1]);
  });

  it.each([false, true])('after it is put on the queue, and Redis lost it: %s', async (redisLost) => {
    const { line: before, task } = await dueSlot();
    const line = await restarted(before, { redisLost });
    await line.schedules.scheduler.keep();
    const [job] = line.schedules.queue.values();
    expect(job && [job.task, taskDigest(job.task)]).toEqual([task, taskDigest(task)]);
    await work(line);
    await line.schedules.scheduler.keep();
    await minutes(line, 0);
    expect([told(line), writes(line), line.schedules.queue.size]).toEqual([['09:01 ran'], 1, 0]);
  });

  it.each(['resume', 'undo', 'stop'] as const)('while it runs, and it says to %s', async (on_interrupt) => {
    const before = await scheduleLine({ kinds: dyingKinds });
    await define(before, { on_interrupt, retries: { count: 3, backoff_ms: 1_000 } });
    await look(before, MINUTE);
    const [job] = before.schedules.queue.values();
    if (!job) throw new Error('nothing is on the queue');
    void deliverSlot(before, job.task, job.tokens);
    await expect.poll(() => before.ledger.steps(job.task.task_id)[0]?.state).toBe('applying');
    const line = await restarted(before);
    await line.running.idle();
    await line.schedules.scheduler.idle();
    const outcome = on_interrupt === 'resume' ? 'completed' : 'interrupted';
    expect(line.ledger.slots('backup', 9)).toMatchObject([{ state: 'ran', outcome, attempt: 1 }]);
    expect(line.ledger.schedule('backup')?.failures).toBe(on_interrupt === 'resume' ? 0 : 1);
    // The copy that is still on the queue answers with what was recorded.
    await work(line);
    expect(writes(line)).toBe(on_interrupt === 'resume' ? 1 : 0);
    await minutes(line, 1);
    expect(told(line)).toEqual(['09:01 ran', '09:02 ran']);
  });

  it('after it has ended', async () => {
    const { line: before } = await dueSlot();
    const copy = new Map(before.schedules.queue);
    await work(before);
    const line = await restarted(before);
    for (const { task, tokens } of copy.values())
      expect(await deliverSlot(line, task, tokens)).toMatchObject({ kind: 'recorded' });
    expect([told(line), writes(line)]).toEqual([['09:01 ran'], 1]);
  });
});

/** The daemon dies in the first slot: the definition's own task runs through. */
function dyingKinds(kinds: StepKinds): StepKinds {
  return { ...kinds, file: { ...kinds.file, apply: () => new Promise(() => undefined) } };
}

describe('F50: what is on the queue', () => {
  it('is brought again while it has not begun: the same task, and no longer when it has ended', async () => {
    const { line, task } = await dueSlot();
    const { queue, scheduler } = line.schedules;
    queue.clear();
    line.clock.pass(10 * MINUTE);
    await scheduler.keep();
    expect(
      [...queue.values()].filter(({ task: { task_id } }) => task_id === task.task_id).map((job) => job.task),
    ).toEqual([task]);
    await work(line);
    await scheduler.keep();
    expect(queue.size).toBe(0);
  });

  it('ends where nobody takes it up in its time', async () => {
    const { line } = await dueSlot();
    line.schedules.queue.clear();
    line.clock.pass(HOUR + MINUTE);
    await line.schedules.scheduler.keep();
    const slot = line.ledger.slots('backup', 99).at(-1);
    expect(slot).toMatchObject({ state: 'skipped', outcome: 'expired', reason: 'it did not begin in time' });
  });

  it('is brought again where its signature was refused, and that ends nothing', async () => {
    const { line, task } = await dueSlot();
    const { queue, scheduler } = line.schedules;
    queue.clear();
    expect(await deliverSlot(line, task, ['no token'])).toMatchObject({ kind: 'refused' });
    expect(newest(line)).toMatchObject({ state: 'enqueued' });
    await scheduler.keep();
    await work(line);
    expect(told(line)).toEqual(['09:01 ran']);
    expect(line.ledger.schedule('backup')?.failures).toBe(0);
  });

  it('ends with the reason where its id was used up by a task that is no slot', async () => {
    const line = await scheduleLine();
    await define(line);
    await submit(line, actionsTask({ task_id: 'backup.20261123t090100z' }));
    await minutes(line, 1);
    expect(newest(line)).toMatchObject({ state: 'skipped', reason: expect.stringMatching(/^id-reused: /) });
  });

  it('goes on where another copy of it is refused while it runs', async () => {
    const line = await scheduleLine({ kinds: dyingKinds });
    await define(line);
    await look(line, MINUTE);
    const [job] = line.schedules.queue.values();
    if (!job) throw new Error('nothing is on the queue');
    void deliverSlot(line, job.task, job.tokens);
    await expect.poll(() => line.ledger.steps(job.task.task_id)[0]?.state).toBe('applying');
    const copy = { ...job.task, reason: 'another one' };
    const token = await attest((await testKeys()).host, hostStatement(line, copy));
    expect(await deliverSlot(line, copy, [token])).toMatchObject({ kind: 'refused' });
    expect(newest(line)).toMatchObject({ state: 'enqueued', endedAt: null });
  });
});

it('F50: a slot asked for out of turn is there once for its second', async () => {
  const line = await scheduleLine();
  await define(line, { pattern: '@hourly' });
  await act(line, 'cron.run-now', { schedule: 'backup' });
  await work(line);
  expect(told(line)).toEqual(['09:00 ran']);
  await minutes(line, 60);
  expect(told(line)).toEqual(['09:00 ran', '10:00 ran']);
});
