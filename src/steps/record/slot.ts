import type { SlotStep } from '../../planning/step.ts';
import type { ScheduleRows } from '../../services/schedule-rows.ts';
import { applied, type Effect, failed, refusedTo, type StepContext, type StepKind } from '../../services/step-kind.ts';

type Rows = Pick<ScheduleRows, 'hasSlot' | 'addSlot' | 'removeSlot'>;

/** A slot of a schedule out of its turn; its undo removes it again. */
export function slotRecord(schedules: Rows): StepKind<SlotStep> {
  const look = async (step: SlotStep) => ({ exists: schedules.hasSlot(step) });
  return {
    observe: look,
    capture: look,
    apply: async (step, context) => add(step, context, schedules),
    undo: async (step) => remove(step, schedules),
    reconcile: async (step) => (schedules.hasSlot(step) ? 'done' : 'not-done'),
    preview: async ({ schedule }) => `${schedule} would be due at once, besides its own times`,
  };
}

function add(step: SlotStep, { task_id }: StepContext, schedules: Rows): Effect {
  const added = schedules.addSlot(step, task_id);
  if (!added) return refusedTo('changed-since-plan', `${step.schedule} has a slot of this second, or is gone`);
  const health = { service: step.target, endpoint: 'ledger: due now', status: 'healthy' as const };
  return applied('due now', { left: { exists: true }, health: [health] });
}

function remove(step: SlotStep, schedules: Rows): Effect {
  const problem = schedules.removeSlot(step);
  if (problem !== null) return failed('undo-failed', problem);
  const health = { service: step.target, endpoint: 'ledger: not due any more', status: 'healthy' as const };
  return applied('gone again', { left: { exists: false }, health: [health] });
}
