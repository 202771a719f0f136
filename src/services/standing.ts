import { utcTime } from '../contract/names.ts';
import { isSlot, type SlotTask } from '../contract/task.ts';
import { type SlotName, slotTaskId } from '../schedule/slot-task.ts';
import type { Ledger } from './ledger.ts';
import type { Verifier } from './ports.ts';
import type { ScheduleRecord } from './schedules.ts';

export interface StandingParts {
  ledger: Pick<Ledger, 'schedule' | 'slot' | 'task'>;
  verifier: Pick<Verifier, 'trusts'>;
}

/** Why nothing of a schedule may run now, or null where it may. */
export function scheduleProblem(
  { definition, paused, task_id }: ScheduleRecord,
  { ledger, verifier }: StandingParts,
  now: number,
): string | null {
  const { name, valid_until } = definition;
  if (paused !== '') return `${name} is paused: ${paused}`;
  if (Date.parse(valid_until) <= now) return `the definition of ${name} was valid until ${valid_until}`;
  const signers = ledger.task(task_id)?.attestedBy ?? [];
  if (signers.length === 0) return `nobody knows any more who signed the definition of ${name}`;
  const lost = signers.find(({ kid }) => !verifier.trusts(kid));
  return lost ? `the key of ${lost.principal}, who signed the definition of ${name}, is no longer trusted` : null;
}

/** Why this slot may not run now: its definition does not stand, or it is no open slot of this ledger. */
export function slotProblem({ task_id, slot }: SlotTask, parts: StandingParts, now: number): string | null {
  const { schedule, definition, due_at } = slot;
  const record = parts.ledger.schedule(schedule);
  if (record?.digest !== definition) return `no approved definition of ${schedule} with this digest stands here`;
  const dueAt = Date.parse(due_at);
  const known = parts.ledger.slot({ schedule, dueAt });
  if (known?.state !== 'enqueued' || slotTaskId(known) !== task_id)
    return `${schedule} has no open slot ${task_id}, due at ${utcTime(dueAt)}`;
  return scheduleProblem(record, parts, now);
}

/** All by which a veto can mean a schedule; `subjects` are those of what it runs. */
export function scheduleTargets(
  record: Pick<ScheduleRecord, 'name' | 'task_id'>,
  subjects: readonly string[],
  host: string,
  ledger: Pick<Ledger, 'task'>,
): string[] {
  return [`schedule:${host}/${record.name}`, ...definersOf(record, ledger), `host:${host}`, 'host:*', ...subjects];
}

/** By what a control statement can mean a schedule as a whole: who vetoes the task that defined it, or its plan, means it. */
export function definersOf({ task_id }: Pick<ScheduleRecord, 'task_id'>, ledger: Pick<Ledger, 'task'>): string[] {
  const task = ledger.task(task_id)?.task;
  return [`task:${task_id}`, ...(task && 'plan_id' in task ? [`plan:${task.plan_id}`] : [])];
}

/** Whether the present try at a slot was claimed by the line; somebody else's task of the same id is none. */
export function hasBegun(slot: SlotName, ledger: Pick<Ledger, 'task'>): boolean {
  const task = ledger.task(slotTaskId(slot))?.task;
  return task !== undefined && isSlot(task);
}
