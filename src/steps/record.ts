import { isDeepStrictEqual } from 'node:util';
import type { ScheduleFact } from '../planning/facts.ts';
import type { State } from '../planning/record.ts';
import type { RecordStep, ScheduleStep, SlotStep } from '../planning/step.ts';
import type { ScheduleRows } from '../services/schedule-rows.ts';
import { applied, type Effect, failed, refusedTo, type StepContext, type StepKind } from '../services/step-kind.ts';
import { previewOf } from './record-preview.ts';

type Rows = Pick<ScheduleRows, 'fact' | 'write' | 'summary' | 'hasSlot' | 'addSlot' | 'removeSlot'>;

export interface RecordPorts {
  schedules: Rows;
}

/** Changes one row of the ledger; its undo writes the row as it was. */
export function recordKind({ schedules }: RecordPorts): StepKind<RecordStep> {
  const stateOf = (step: RecordStep): State =>
    step.record === 'schedule' ? schedules.fact(step.name) : { exists: schedules.hasSlot(step) };
  return {
    observe: async (step) => stateOf(step),
    capture: async (step) => stateOf(step),
    apply: async (step, context) =>
      step.record === 'schedule' ? change(step, context, schedules) : addSlot(step, context, schedules),
    undo: async (step, captured) => {
      if (step.record === 'slot') return removeSlot(step, schedules);
      schedules.write(step.name, captured as ScheduleFact, null);
      return applied('as it was', { left: stateOf(step), health: [healthOf(step, schedules)] });
    },
    reconcile: async (step, captured, { task_id }) => {
      const now = stateOf(step);
      if (step.record === 'slot') return isDeepStrictEqual(now, { exists: true }) ? 'done' : 'not-done';
      if (isDeepStrictEqual(now, wantedOf(step, task_id))) return 'done';
      return isDeepStrictEqual(now, captured) ? 'not-done' : 'unknown';
    },
    preview: async (step) => previewOf(step),
  };
}

function change(step: ScheduleStep, { task_id }: StepContext, schedules: Rows): Effect {
  const now = schedules.fact(step.name);
  if (!isDeepStrictEqual(now, step.before))
    return refusedTo('changed-since-plan', `the schedule ${step.name} changed after the plan was made`);
  const wanted = wantedOf(step, task_id);
  if (isDeepStrictEqual(now, wanted))
    return applied('was already so', { left: now, health: [healthOf(step, schedules)] });
  schedules.write(step.name, wanted, step.after?.definition ?? null);
  return applied('written', { left: wanted, health: [healthOf(step, schedules)] });
}

/** What a step has the row say; what brings no new definition leaves the task that defined it. */
function wantedOf({ before, after }: ScheduleStep, taskId: string): ScheduleFact {
  if (after === null) return { exists: false };
  const definer = after.definition === null && before.exists ? before.task_id : taskId;
  return { exists: true, definition: after.digest, task_id: definer, paused: after.paused };
}

function addSlot(step: SlotStep, { task_id }: StepContext, schedules: Rows): Effect {
  const added = schedules.addSlot(step, task_id);
  if (!added) return refusedTo('changed-since-plan', `${step.schedule} has a slot of this second, or is gone`);
  const health = { service: step.target, endpoint: 'ledger: due now', status: 'healthy' as const };
  return applied('due now', { left: { exists: true }, health: [health] });
}

function removeSlot(step: SlotStep, schedules: Rows): Effect {
  const problem = schedules.removeSlot(step);
  if (problem !== null) return failed('undo-failed', problem);
  const health = { service: step.target, endpoint: 'ledger: not due any more', status: 'healthy' as const };
  return applied('gone again', { left: { exists: false }, health: [health] });
}

function healthOf({ target, name }: ScheduleStep, schedules: Rows) {
  return { service: target, endpoint: `ledger: ${schedules.summary(name)}`, status: 'healthy' as const };
}
