import { expect } from 'vitest';
import { utcTime } from '../../src/contract/names.ts';
import type { ActionRequest, SlotTask } from '../../src/contract/task.ts';
import type { Definition } from '../../src/schedule/definition.ts';
import type { End } from '../../src/services/executor.ts';
import { definition } from '../support/definitions.ts';
import { actionsTask, HOUR, type LineOptions, submit, type TestLine, testLine } from './support.ts';

export const MINUTE = 60_000;

/** A line whose scheduler looks. */
export async function scheduleLine(options: LineOptions = {}): Promise<TestLine> {
  const line = await testLine(options);
  await line.schedules.scheduler.start();
  return line;
}

/** The daemon died and is there again; its queue too, unless Redis lost it. */
export async function restarted(
  before: TestLine,
  { redisLost = false, ...options }: LineOptions & { redisLost?: boolean } = {},
): Promise<TestLine> {
  await before.schedules.scheduler.stop();
  const line = await testLine({ ...before.parts, ...options });
  if (!redisLost) for (const [id, job] of before.schedules.queue) line.schedules.queue.set(id, job);
  await line.reconciler.start();
  await line.schedules.scheduler.start();
  return line;
}

let tasks = 0;

/** Has Manager's task with this one action run; answers with the task. */
export async function act(line: TestLine, action: string, input: ActionRequest['with'], more = {}) {
  tasks += 1;
  const task = actionsTask({
    task_id: `${action}-${tasks}`,
    plan_id: `plan-${tasks}`,
    operation_type: 'cron',
    environment: 'host',
    actions: [{ action, with: input }],
    expires_at: utcTime(line.clock.now() + HOUR),
    ...more,
  });
  const end = await submit(line, task);
  expect(end).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed' } });
  await line.schedules.scheduler.idle();
  return task;
}

/** A minute is its pattern, and a file of its own name what it writes. */
export const define = (line: TestLine, more: Partial<Definition> = {}) => {
  const name = more.name ?? 'backup';
  const actions = [{ action: 'config.file', with: { path: `/var/${name}`, content: 'done\n' } }];
  return act(line, 'cron.define', definition({ pattern: '* * * * *', actions, ...more }));
};

/** The machine runs `argv` in each slot. */
export const runs = (...argv: string[]): Pick<Definition, 'actions'> => ({
  actions: [{ action: 'infra.command', with: { argv, resources: [`program:${argv[0]}`], undo: ['undo', ...argv] } }],
});

export async function look(line: TestLine, ms = 0): Promise<void> {
  line.clock.pass(ms);
  line.schedules.scheduler.look();
  await line.schedules.scheduler.idle();
}

export function deliverSlot(line: TestLine, task: SlotTask, attestations: readonly string[]): Promise<End> {
  const data = structuredClone({ task, attestations });
  const delivery = { queue: 'ops-mini-1', jobId: task.task_id, name: 'cron', data, scheduled: false, deliveries: 0 };
  return line.executor.execute(delivery, async () => undefined);
}

/** Delivers the next job of the queue; tells its id. */
export async function workOne(line: TestLine): Promise<string | null> {
  const { queue, scheduler } = line.schedules;
  const job = queue.values().next().value;
  if (!job) return null;
  queue.delete(job.task.task_id);
  await deliverSlot(line, job.task, job.tokens);
  await scheduler.idle();
  return job.task.task_id;
}

/** Delivers what is on the queue, one after the other, until nothing is; tells in which order. */
export async function work(line: TestLine): Promise<string[]> {
  const done: string[] = [];
  for (let id = await workOne(line); id !== null; id = await workOne(line)) done.push(id);
  return done;
}

/** Time passes, look by look. */
export async function minutes(line: TestLine, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await look(line, MINUTE);
    await work(line);
  }
}

const clockOf = (at: number) => utcTime(at).slice(11, 16);

/** Its slots, the oldest first: `09:01 ran`, `09:02-09:05 missed 4`. */
export function told({ ledger }: TestLine, schedule = 'backup', limit = 100): string[] {
  return ledger
    .slots(schedule, limit)
    .toReversed()
    .map(({ dueAt, untilAt, count, state }) =>
      count === 1 ? `${clockOf(dueAt)} ${state}` : `${clockOf(dueAt)}-${clockOf(untilAt)} ${state} ${count}`,
    );
}

/** How many slots ended in each state. */
export function countsOf({ ledger }: TestLine, schedule = 'backup'): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state, count } of ledger.slots(schedule, 10_000)) counts[state] = (counts[state] ?? 0) + count;
  return counts;
}

/** `<code> <state> <subject>`, the oldest first. */
export const alertsOf = ({ ledger }: TestLine): string[] =>
  ledger
    .alerts()
    .toReversed()
    .map(({ code, state, subject }) => `${code} ${state} ${subject}`);

export const newest = ({ ledger }: TestLine, schedule = 'backup') => ledger.slots(schedule, 1)[0];

/** A slot that is due, on the queue. */
export async function dueSlot(options: LineOptions = {}) {
  const line = await scheduleLine(options);
  await define(line);
  await look(line, MINUTE);
  const [job] = line.schedules.queue.values();
  if (!job) throw new Error('nothing is on the queue');
  return { line, ...job };
}

/** What the host says of a task that it puts on its queue. */
export const hostStatement = (line: TestLine, task: SlotTask) => ({
  covers: { task },
  issuedAt: new Date(line.clock.now()),
  validForMs: HOUR,
});
