import type { EnvironmentChange, HealthCheck } from '../contract/ops-output.ts';
import type { PlannedStep, Step } from './step.ts';
import { canBeUndone, isTakenBack } from './step.ts';

/**
 * Where a step stands. `applying` and `undoing` are written before the effect, so after a crash they mean: perhaps.
 * `refused` began, but met what kept it from touching anything.
 */
export type StepState =
  | 'planned'
  | 'applying'
  | 'applied'
  | 'failed'
  | 'unknown'
  | 'refused'
  | 'undoing'
  | 'undone'
  | 'undo-failed';

/** The state of what a step changes, as its kind describes it; null where the kind cannot tell. */
export type State = { readonly [key: string]: string | number | boolean | null } | null;

export interface StepRecord extends PlannedStep {
  state: StepState;
  /** The state before it was applied, from which it is undone. */
  captured: State;
  /** The state it left behind, to see before an undo whether something else changed it. */
  left: State;
  /** One sentence of how it ended. */
  message: string;
  durationMs: number;
  /** What it saw of the health of what it changed. */
  health: HealthCheck[];
  /** The environment variables that it changed when it was applied. */
  environment: EnvironmentChange[];
}

/** States in which a step has or may have had its effect. */
const TOUCHED: ReadonlySet<StepState> = new Set(['applying', 'applied', 'failed', 'unknown', 'undoing', 'undo-failed']);

const isIrreversible = ({ step }: { step: Step }): boolean => !canBeUndone(step);

export interface UndoPlan {
  /** In the order in which to undo them: the last one first. */
  steps: StepRecord[];
  /** The irreversible step at which it must stop, if one stands before the beginning. */
  stopsAt: StepRecord | null;
}

/** What is to be taken back of a task, or of one of its actions, the step that failed first. */
export function undoPlan(records: readonly StepRecord[], action?: number): UndoPlan {
  const touched = records
    .filter(({ step, state }) => isTakenBack(step) && TOUCHED.has(state))
    .filter((record) => action === undefined || record.action === action)
    .toReversed();
  const stop = touched.findIndex(isIrreversible);
  return stop < 0
    ? { steps: touched, stopsAt: null }
    : { steps: touched.slice(0, stop), stopsAt: touched[stop] ?? null };
}

/** Why nothing of this can be undone, or null where something can. */
export function undoProblem(records: readonly StepRecord[], action?: number): string | null {
  const { steps, stopsAt } = undoPlan(records, action);
  if (steps.length > 0) return null;
  if (stopsAt) return `its last step (${stopsAt.step.title}) was signed as irreversible`;
  const ofAction = records.filter((record) => action === undefined || record.action === action);
  if (ofAction.length === 0) return action === undefined ? 'it changed nothing' : `it has no action ${action}`;
  return ofAction.some(({ state }) => state === 'undone') ? 'it is already taken back' : 'it changed nothing';
}
