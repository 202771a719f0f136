import type { EnvironmentChange, HealthCheck } from '../contract/ops-output.ts';
import type { State } from '../planning/record.ts';
import type { Step, StepKindName } from '../planning/step.ts';

/** Takes what a command prints on one of its streams. */
export type OnOutput = (chunk: Uint8Array, source: 'stdout' | 'stderr') => Promise<void>;

export interface StepContext {
  /** What runs now. */
  task_id: string;
  /** Whose step it is: for an undo the task that is taken back. */
  work: string;
  n: number;
  /** Aborted when the task must end: a veto, a cancellation, the daemon's shutdown. */
  signal: AbortSignal;
  output: OnOutput;
  /** Told by a step that can end only once the daemon has: its stop does not wait for it. */
  waitsForStop?: (() => void) | undefined;
  /** What the task printed last, masked; absent where nobody keeps it. */
  lastLines?: (() => Promise<string>) | undefined;
}

/** How applying or undoing a step ended. */
export interface Effect {
  /** `refused`: it touched nothing. */
  outcome: 'applied' | 'failed' | 'unknown' | 'refused';
  /** The blocker's code where it did not apply. */
  code: string | null;
  message: string;
  /** The state it left behind. */
  left: State;
  health: HealthCheck[];
  /** The environment variables that it changed. */
  environment: EnvironmentChange[];
  /** Processes of it that live on. */
  leftRunning: string[];
}

/** What became of a step that was open when the daemon died. */
export type Answer = 'done' | 'not-done' | 'unknown';
/** It is done, and this is what its own end would have told. */
export type Done = Pick<Effect, 'health' | 'environment'>;

/** One kind of step: everything that is done to the machine is done by one of these. */
export interface StepKind<S extends Step> {
  /** The state of what the step changes, as it is now; null where the kind cannot tell. */
  observe(step: S): Promise<State>;
  /** That state, with all that an undo needs of it kept on the disk. Called before `apply`. */
  capture(step: S): Promise<State>;
  apply(step: S, context: StepContext): Promise<Effect>;
  /** Back to what was captured. Safe whether the step did all, part or nothing. */
  undo(step: S, captured: State, context: StepContext): Promise<Effect>;
  /** After a crash between intent and result. */
  reconcile(step: S, captured: State, context: StepContext): Promise<Answer | Done>;
  /** What would change, as text or diff, or an honest "cannot preview". */
  preview(step: S): Promise<string>;
}

export type StepKinds = { readonly [K in StepKindName]: StepKind<Extract<Step, { kind: K }>> };

/** The kind of a step; the one place where the type of the step is tied to its kind. */
export function kindOf(kinds: StepKinds, step: Step): StepKind<Step> {
  return step.only === 'back' ? onTheWayBack(kinds[step.kind]) : kinds[step.kind];
}

/** What a step does when it is taken back instead of when its turn comes: a plan has it where its order needs it. */
function onTheWayBack(kind: StepKind<Step>): StepKind<Step> {
  return {
    observe: async () => null,
    capture: async () => null,
    apply: async () => applied('nothing to do until it is taken back'),
    undo: (step, _captured, context) => kind.apply(step, context),
    reconcile: async () => 'done',
    preview: async (step) => `when it is taken back: ${await kind.preview(step)}`,
  };
}

export function applied(message: string, more: Partial<Effect> = {}): Effect {
  return { outcome: 'applied', code: null, message, left: null, health: [], environment: [], leftRunning: [], ...more };
}

export function failed(code: string, message: string, more: Partial<Effect> = {}): Effect {
  return { outcome: 'failed', code, message, left: null, health: [], environment: [], leftRunning: [], ...more };
}

/** It met what kept it from touching anything. */
export function refusedTo(code: string, message: string): Effect {
  return { ...failed(code, message), outcome: 'refused' };
}
