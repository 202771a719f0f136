import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import type { ScheduleFact } from '../../planning/facts.ts';
import type { ScheduleStep } from '../../planning/step.ts';
import type { ScheduleRows } from '../../services/schedule-rows.ts';
import { applied, type Effect, refusedTo, type StepContext, type StepKind } from '../../services/step-kind.ts';

type Rows = Pick<ScheduleRows, 'fact' | 'write' | 'summary'>;

/** The row of a schedule; its undo writes it as it was. */
export function scheduleRecord(schedules: Rows): StepKind<ScheduleStep> {
  return {
    observe: async ({ name }) => schedules.fact(name),
    capture: async ({ name }) => schedules.fact(name),
    apply: async (step, context) => change(step, context, schedules),
    undo: async (step, captured) => {
      schedules.write(step.name, captured as ScheduleFact, null);
      return applied('as it was', { left: schedules.fact(step.name), health: [healthOf(step, schedules)] });
    },
    reconcile: async (step, captured, { task_id }) => {
      const now = schedules.fact(step.name);
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

function healthOf({ target, name }: ScheduleStep, schedules: Rows) {
  return { service: target, endpoint: `ledger: ${schedules.summary(name)}`, status: 'healthy' as const };
}

function previewOf({ name, before, after }: ScheduleStep): string {
  if (after === null) return before.exists ? `${name} would be no schedule any more` : `${name} is no schedule`;
  const isSame = before.exists && before.definition === after.digest && before.paused === after.paused;
  if (after.definition === null) return isSame ? `${name} is already so` : standing(name, after.paused);
  if (isSame) return `${name} is already defined so; it would stand by the signatures of this task from now on`;
  return `${before.exists ? `the definition of ${name} would become` : 'would define'}\n${stringify(after.definition, { lineWidth: 0 }).trimEnd()}`;
}

const standing = (name: string, paused: string): string =>
  `${name} would ${paused === '' ? 'go on' : `be paused: ${paused}`}`;
