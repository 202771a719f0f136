import { describe, expect, it } from 'vitest';
import { verifierBy } from '../../src/adapters/verify.ts';
import { taskDigest } from '../../src/contract/digest.ts';
import type { KeyRing } from '../../src/contract/keyring.ts';
import { act, alertsOf, define, look, MINUTE, minutes, newest, scheduleLine, told, work } from './schedule-line.ts';
import { HOUR, reports, submit, TestClock, type TestLine, testRing, undoTask, withdrawal } from './support.ts';

async function veto(line: TestLine, target: string): Promise<void> {
  line.stream.send(await withdrawal('veto', target, { issuedAt: line.clock.now() }));
  await line.control.catchUp();
}

const writes = (line: TestLine) => line.machine.touched.filter((path) => path === '/var/backup').length;
const refusals = (line: TestLine) =>
  reports(line.ledger).filter(({ body }) => JSON.stringify(body).includes('"final":false')).length;

/** By what a veto can mean a schedule. */
const TARGETS: Record<string, (task: { task_id: string; plan_id: string }) => string> = {
  'the schedule': () => 'schedule:mini-1/backup',
  'the task that defined it': ({ task_id }) => `task:${task_id}`,
  'the plan of that task': ({ plan_id }) => `plan:${plan_id}`,
  'the host': () => 'host:mini-1',
  'all hosts': () => 'host:*',
};

describe('F50: a veto', () => {
  it.each(Object.entries(TARGETS))('of %s ends its slots as vetoed, without a report of each', async (_, target) => {
    const line = await scheduleLine();
    const task = await define(line);
    await minutes(line, 1);
    await veto(line, target(task));
    await minutes(line, 3);
    expect(told(line)).toEqual(['09:01 ran', '09:02-09:04 vetoed 3']);
    expect(newest(line)?.reason).toMatch(/is vetoed by savorg-security: not today$/);
    expect([refusals(line), alertsOf(line)]).toEqual([0, []]);
  });

  it.each([true, false])('ends a slot that is on the queue already (delivered: %s)', async (delivered) => {
    const line = await scheduleLine();
    await define(line);
    await look(line, MINUTE);
    await veto(line, 'schedule:mini-1/backup');
    if (delivered) await work(line);
    else await line.schedules.scheduler.keep();
    expect([told(line), writes(line)]).toEqual([['09:01 vetoed'], 0]);
    expect(line.ledger.schedule('backup')?.failures).toBe(0);
  });

  it('of another host or schedule changes nothing', async () => {
    const line = await scheduleLine();
    await define(line);
    for (const target of ['schedule:mini-2/backup', 'schedule:mini-1/other', 'task:other']) await veto(line, target);
    await minutes(line, 1);
    expect(told(line)).toEqual(['09:01 ran']);
  });
});

async function revoked(role: string) {
  const ring: KeyRing = await testRing();
  const clock = new TestClock();
  let now = ring;
  const line = await scheduleLine({ clock, verifier: () => verifierBy(() => now, clock) });
  await define(line);
  await minutes(line, 1);
  const revoke = () => {
    const keys = ring.keys.map((key) => (key.role === role ? { ...key, revoked_at: '2026-11-23T09:01:30Z' } : key));
    now = { ...ring, keys };
  };
  return { line, revoke, restore: () => void (now = ring) };
}

describe('F50: where a key is revoked that signed its definition', () => {
  it.each(['manager', 'plan-review', 'security'])('by %s: its slots are skipped, with one alert', async (role) => {
    const { line, revoke } = await revoked(role);
    revoke();
    await minutes(line, 3);
    expect(told(line)).toEqual(['09:01 ran', '09:02-09:04 skipped 3']);
    expect(newest(line)?.reason).toMatch(
      /^the key of savorg-.*, who signed the definition of backup, is no longer trusted$/,
    );
    expect([refusals(line), alertsOf(line)]).toEqual([0, ['schedule-lapsed raised schedule:mini-1/backup']]);
  });

  it('a slot on the queue does not run either, and is not brought again', async () => {
    const { line, revoke, restore } = await revoked('security');
    await look(line, MINUTE);
    revoke();
    await work(line);
    expect([told(line).at(-1), writes(line)]).toEqual(['09:02 enqueued', 1]);
    await line.schedules.scheduler.keep();
    expect([told(line).at(-1), line.schedules.queue.size]).toEqual(['09:02 skipped', 0]);
    restore();
    await minutes(line, 1);
    expect(told(line).at(-1)).toBe('09:03 ran');
  });
});

describe('F50: a definition', () => {
  it('that is removed has no more slots, and those that wait end', async () => {
    const line = await scheduleLine();
    await define(line);
    await look(line, MINUTE);
    await act(line, 'cron.remove', { schedule: 'backup' });
    await line.schedules.scheduler.keep();
    await work(line);
    await minutes(line, 3);
    expect([told(line), writes(line)]).toEqual([['09:01 skipped'], 0]);
    expect(newest(line)?.reason).toBe('backup has another definition now, or none');
  });

  it('that is taken back leaves the one before it, with no slots of the time between', async () => {
    const line = await scheduleLine();
    await define(line);
    await minutes(line, 1);
    const before = line.ledger.schedule('backup');
    const task = await define(line, { pattern: '*/5 * * * *', purpose: 'Another one, which is taken back' });
    await minutes(line, 3);
    expect(told(line)).toEqual(['09:01 ran']);
    expect(await submit(line, undoTask(task))).toMatchObject({ opsOutput: { status: 'completed' } });
    const { digest, task_id } = line.ledger.schedule('backup') ?? {};
    expect([digest, task_id]).toEqual([before?.digest, before?.task_id]);
    await minutes(line, 1);
    expect(told(line)).toEqual(['09:01 ran', '09:05 ran']);
  });

  it('that is new is taken back wholly', async () => {
    const line = await scheduleLine();
    const task = await define(line);
    expect(taskDigest(task)).toMatch(/^sha256:/);
    await submit(line, undoTask(task));
    await minutes(line, 2);
    expect([line.ledger.schedules(), told(line)]).toEqual([[], []]);
  });

  it.each(['cron.define', 'cron.pause', 'cron.remove'])(
    'answers for what fell due before it is another one (%s)',
    async (action) => {
      const line = await scheduleLine();
      await define(line, { pattern: '@hourly', catch_up: 'none' });
      // Nobody has looked since.
      line.clock.pass(150 * MINUTE);
      if (action === 'cron.define') await define(line, { purpose: 'Another one under the same name' });
      else await act(line, action, { schedule: 'backup', ...(action === 'cron.pause' && { reason: 'not today' }) });
      expect(told(line)).toEqual(['10:00-11:00 missed 2']);
      expect(alertsOf(line)).toEqual(['slots-missed raised host:mini-1']);
    },
  );

  it('that is another one while its slots are open ends those that have not begun', async () => {
    const line = await scheduleLine();
    await define(line, { overlap: 'queue' });
    await look(line, MINUTE);
    await look(line, MINUTE);
    expect(told(line)).toEqual(['09:01 enqueued', '09:02 waiting']);
    await define(line, { overlap: 'queue', purpose: 'Another one under the same name' });
    expect(told(line)).toEqual(['09:01 enqueued', '09:02 skipped']);
    await work(line);
    await line.schedules.scheduler.keep();
    expect([told(line), writes(line)]).toEqual([['09:01 skipped', '09:02 skipped'], 0]);
    await minutes(line, 1);
    expect([told(line).at(-1), writes(line)]).toEqual(['09:03 ran', 1]);
  });
});

describe('F50: a schedule that is paused', () => {
  it('has its slots skipped, and none of them when it goes on', async () => {
    const line = await scheduleLine();
    await define(line, { catch_up: 'all' });
    await act(line, 'cron.pause', { schedule: 'backup', reason: 'the disk is full' });
    await minutes(line, 2);
    expect([told(line), alertsOf(line)]).toEqual([['09:01-09:02 skipped 2'], []]);
    line.clock.pass(10 * MINUTE);
    await act(line, 'cron.resume', { schedule: 'backup' });
    await minutes(line, 1);
    expect(told(line)).toEqual(['09:01-09:12 skipped 12', '09:13 ran']);
  });
});

async function paused(validForMs: number) {
  const line = await scheduleLine();
  await define(line, { disable_after: 1, overlap: 'queue' });
  line.stream.send(await withdrawal('pause', 'host:mini-1', { role: 'operator', validForMs }));
  await line.control.catchUp();
  return line;
}

describe('F50: while a control statement pauses the host', () => {
  it('its slots wait, and run when it is over', async () => {
    const line = await paused(2.5 * MINUTE);
    await minutes(line, 2);
    expect([told(line), newest(line)?.reason]).toEqual([
      ['09:01 waiting', '09:02 waiting'],
      'the slot before it has not ended',
    ]);
    expect(line.ledger.slots('backup', 9)[1]?.reason).toBe('host:mini-1 is paused by savorg-operator: not today');
    await minutes(line, 1);
    expect(told(line)).toEqual(['09:01 ran', '09:02 ran', '09:03 ran']);
  });

  it('for too long they are skipped, and that is no failure of theirs', async () => {
    const line = await paused(3 * HOUR);
    await minutes(line, 61);
    expect(line.ledger.slots('backup', 99).at(-1)).toMatchObject({
      state: 'skipped',
      reason: 'it waited too long: host:mini-1 is paused by savorg-operator: not today',
    });
    expect([line.ledger.schedule('backup')?.failures, alertsOf(line), refusals(line)]).toEqual([0, [], 0]);
  });
});

describe('F50: a slot out of its turn', () => {
  it('runs at once, and is taken back while it has not begun', async () => {
    const line = await scheduleLine();
    await define(line, { pattern: '@hourly' });
    const asked = await act(line, 'cron.run-now', { schedule: 'backup' });
    expect(newest(line)).toMatchObject({ state: 'enqueued', askedBy: asked.task_id });
    expect(await submit(line, undoTask(asked))).toMatchObject({ opsOutput: { status: 'completed' } });
    await work(line);
    expect([told(line), writes(line)]).toEqual([[], 0]);
  });

  it('that has run is taken back by the undo of its own task', async () => {
    const line = await scheduleLine();
    await define(line, { pattern: '@hourly' });
    const asked = await act(line, 'cron.run-now', { schedule: 'backup' });
    const [id = ''] = await work(line);
    const end = await submit(line, undoTask(asked));
    expect(JSON.stringify(end)).toContain(`it has begun as ${id}: take that back`);
    const record = line.ledger.task(id);
    if (!record) throw new Error('the slot did not run');
    expect(await submit(line, undoTask(record.task))).toMatchObject({ opsOutput: { status: 'completed' } });
    expect(line.machine.contentOf('/var/backup')).toBeUndefined();
  });
});
