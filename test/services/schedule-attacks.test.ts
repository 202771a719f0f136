import { describe, expect, it } from 'vitest';
import { utcTime } from '../../src/contract/names.ts';
import type { ActionRequest } from '../../src/contract/task.ts';
import type { Definition } from '../../src/schedule/definition.ts';
import { definition } from '../support/definitions.ts';
import { actionsTask, deliver, HOUR, sign, submit, type TestLine, testLine, undoTask, withdrawal } from './support.ts';

const MINUTE = 60_000;
const FAR = '0 0 1 1 *';

/** A task of Manager that all have signed, made new at each call. */
const cronTask = (line: TestLine, ...actions: ActionRequest[]) =>
  actionsTask({
    task_id: `crons-${line.ledger.messagesAfter(0, 1_000).length}`,
    operation_type: 'cron',
    environment: 'host',
    actions,
    expires_at: utcTime(line.clock.now() + 60 * MINUTE),
  });

const defineAction = (more: Partial<Definition>): ActionRequest => ({
  action: 'cron.define',
  with: definition({
    actions: [{ action: 'config.file', with: { path: `/var/${more.name}`, content: 'x' } }],
    ...more,
  }),
});

async function define(line: TestLine, ...definitions: Partial<Definition>[]) {
  const task = cronTask(line, ...definitions.map(defineAction));
  expect(await submit(line, task)).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed' } });
  return task;
}

async function look(line: TestLine, passMs = MINUTE) {
  line.clock.pass(passMs);
  line.schedules.scheduler.look();
  await line.schedules.scheduler.idle();
}

async function started() {
  const line = await testLine();
  await line.schedules.scheduler.start();
  return line;
}

describe('schedules that wait for each other in a circle', () => {
  const circle = [
    { name: 'aaa', pattern: FAR, depends_on: [{ schedule: 'bbb' }] },
    { name: 'bbb', pattern: FAR, depends_on: [{ schedule: 'aaa' }] },
  ];

  it('can be made by one task, and stop no other one', async () => {
    const line = await started();
    await define(line, { name: 'aaa', pattern: FAR }, { name: 'bbb', pattern: FAR });
    await define(line, ...circle);
    await define(
      line,
      { name: 'ccc', pattern: '* * * * *', depends_on: [{ schedule: 'aaa' }] },
      { name: 'ddd', pattern: '* * * * *' },
    );
    await look(line);
    expect(line.schedules.problems).toEqual([]);
    expect([...line.schedules.queue.keys()]).toEqual([expect.stringMatching(/^ddd/)]);
  });

  it('can be made by Manager alone, who takes a change back', async () => {
    const line = await started();
    await define(line, { name: 'aaa', pattern: FAR });
    await define(line, { name: 'bbb', pattern: FAR, depends_on: [{ schedule: 'aaa' }] });
    const freed = await define(line, { name: 'bbb', pattern: FAR });
    await define(line, { name: 'aaa', pattern: FAR, depends_on: [{ schedule: 'bbb' }] });
    const undo = undoTask(freed);
    const end = await deliver(line, undo, [await sign('manager', undo)]);
    expect(end).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed' } });
    await define(line, { name: 'ccc', pattern: '* * * * *', depends_on: [{ schedule: 'aaa' }] });
    await look(line);
    expect(line.schedules.problems).toEqual([]);
  });
});

describe('a slot that failed and is to be tried again', () => {
  it('has failed, and somebody hears of it, where the next one takes its place', async () => {
    const line = await started();
    await define(line, {
      pattern: '* * * * *',
      overlap: 'replace',
      retries: { count: 3, backoff_ms: 10 * MINUTE },
      disable_after: 3,
      actions: [{ action: 'infra.command', with: { argv: ['backup'], undo: ['undo'] } }],
    });
    line.machine.when('backup', { exitCode: 1 });
    for (let minute = 0; minute < 5; minute++) {
      await look(line);
      for (const [id, { task, tokens }] of line.schedules.queue) {
        line.schedules.queue.delete(id);
        await deliver(line, task, tokens);
      }
      await line.schedules.scheduler.idle();
    }
    expect(line.ledger.schedule('backup')).toMatchObject({ paused: expect.stringContaining('disabled') });
  });
});

it('a slot whose job cannot be brought keeps no other one from its queue', async () => {
  const line = await started();
  const names = Array.from({ length: 25 }, (_, n) => `each-${n + 10}`);
  await define(line, ...names.map((name) => ({ name, pattern: '* * * * *' })));
  const { queue, problems } = line.schedules;
  const has = queue.has.bind(queue);
  queue.has = (id) => {
    if (id.startsWith('each-10')) throw new Error('WRONGTYPE');
    return has(id);
  };
  await look(line);
  expect([problems.length, queue.size]).toEqual([1, 24]);
});

it('run-now in the second of a slot, while Redis is away, takes none of those after it from the account', async () => {
  const line = await started();
  await define(line, { pattern: '* * * * *' });
  line.clock.pass(MINUTE);
  line.schedules.setUsable(false);
  expect(await submit(line, cronTask(line, { action: 'cron.run-now', with: { schedule: 'backup' } }))).toMatchObject({
    kind: 'ran',
  });
  const next = await testLine(line.parts);
  line.clock.pass(10 * MINUTE);
  await next.schedules.scheduler.start();
  const counts = line.ledger.slotCounts('backup');
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(11);
});

it('a slot that is on its queue when the host is paused, for longer than it may wait, has not failed', async () => {
  const line = await started();
  await define(line, { pattern: '@hourly', disable_after: 1 });
  await look(line, 60 * MINUTE);
  const [{ task, tokens } = expect.fail('no slot')] = [...line.schedules.queue.values()];
  const issuedAt = line.clock.now();
  line.stream.send(await withdrawal('pause', 'host:mini-1', { role: 'operator', issuedAt, validForMs: 5 * HOUR }));
  expect(await deliver(line, task, tokens)).toMatchObject({ kind: 'held', missing: ['paused'] });

  line.clock.pass(HOUR);
  await deliver(line, task, tokens);
  const slot = line.ledger.slot({ schedule: 'backup', dueAt: Date.parse(task.slot.due_at) });
  expect(slot).toMatchObject({ state: 'skipped', reason: expect.stringContaining('host:mini-1 is paused') });
  expect([line.ledger.schedule('backup')?.paused, line.ledger.alerts()]).toEqual(['', []]);
});

async function over() {
  const line = await started();
  await define(line, { pattern: '@hourly', valid_until: utcTime(line.clock.now() + MINUTE) });
  return line;
}

describe('a schedule whose definition is over', () => {
  it('is not run out of turn, and says what to do', async () => {
    const line = await over();
    await look(line, 2 * MINUTE);
    const message = 'the definition of backup was valid until 2026-11-23T09:01:00Z: have it defined anew first';
    expect(await submit(line, cronTask(line, { action: 'cron.run-now', with: { schedule: 'backup' } }))).toMatchObject({
      opsOutput: { status: 'blocked', blockers: [{ message }] },
    });
  });

  it('or will be before it is due does not say that it is due', async () => {
    const line = await over();
    expect(line.schedules.rows.summary('backup')).toBe('not due again: valid until 2026-11-23T09:01:00Z');
  });
});
