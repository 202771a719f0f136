import type { Decision } from '../admission/admit.ts';
import { coerceError } from '../errors.ts';
import type { BoundAction, Registry } from '../planning/action.ts';
import type { StepRecord } from '../planning/record.ts';
import { bindAction } from '../planning/registry.ts';
import type { Admissions, Request } from './admissions.ts';
import type { Ledger, TaskRecord } from './ledger.ts';
import type { Locks } from './locks.ts';
import type { Performer } from './performer.ts';
import type { Running } from './running.ts';
import { kindOf, type StepKinds } from './step-kind.ts';
import type { Halt } from './step-runner.ts';

export interface ReconcilerParts {
  registry: Registry;
  ledger: Ledger;
  kinds: StepKinds;
  admissions: Admissions;
  locks: Locks;
  running: Running;
  performer: Performer;
  /** A task could not be resumed and stays open. */
  onProblem: (taskId: string, error: Error) => void;
}

/** Finds out, at the daemon's start, what the steps did that were open when it died, and ends or resumes their tasks. */
export class Reconciler {
  readonly #parts: ReconcilerParts;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** Resolves when every open step is settled and every open task has its locks; resumed tasks go on in the background. */
  async start(): Promise<void> {
    for (const record of this.#parts.ledger.openTasks()) {
      const { task } = record;
      const taskId = 'undo' in task ? task.undo.task_id : task.task_id;
      const forward = this.#parts.ledger.steps(taskId).every(({ state }) => FORWARD.has(state));
      await this.#settle(taskId);
      await this.#goOn(record, forward);
    }
  }

  async #settle(taskId: string): Promise<void> {
    const { ledger } = this.#parts;
    for (const record of ledger.steps(taskId)) {
      if (record.state === 'applying' || record.state === 'undoing') await this.#settleStep(taskId, record);
    }
  }

  async #settleStep(taskId: string, record: StepRecord): Promise<void> {
    const { ledger, kinds } = this.#parts;
    const { n, step, captured } = record;
    const kind = kindOf(kinds, step);
    const context = { task_id: taskId, n, signal: new AbortController().signal, output: async () => undefined };
    const answer = await kind.reconcile(step, captured, context).catch(() => 'unknown' as const);
    const state = record.state === 'undoing' ? STATE_OF_UNDO[answer] : STATE_OF_APPLY[answer];
    const left = state === 'applied' ? await kind.observe(step).catch(() => null) : null;
    await ledger.commit(() => {
      ledger.changeStep(taskId, n, { state, ...(left && { left }), message: `found ${state} after the daemon died` });
      ledger.audit({ event: 'reconciled', task_id: taskId, detail: { n, state } });
    });
  }

  /** `forward`: it was not being taken back when the daemon died. */
  async #goOn(record: TaskRecord, forward: boolean): Promise<void> {
    const { ledger, admissions, locks, running, performer } = this.#parts;
    const { task } = record;
    const bound = this.#bound(record);
    const request = await admissions.verify({ ...record, actions: bound ?? [] });
    const held = locks.take(request.resources);
    const wantsMore = bound !== null && 'on_interrupt' in task && task.on_interrupt === 'resume';
    const steps = ledger.steps(task.task_id);
    const mayGoOn = wantsMore && forward && steps.length > 0 && steps.every(({ state }) => FORWARD.has(state));
    const done = running.track(
      task.task_id,
      request.targets,
      async () => undefined,
      async (run) => {
        using _mine = await held;
        const refusal = mayGoOn ? refusalOf(await this.#readmitted(request)) : 'it was open when the daemon stopped';
        return refusal === null ? performer.goOn(record, run) : performer.finish(record, run, interrupted(refusal));
      },
    );
    if (mayGoOn) done.catch((error: unknown) => this.#parts.onProblem(task.task_id, coerceError(error)));
    else await done;
  }

  #readmitted(request: Request): Promise<Decision> {
    return this.#parts.admissions.readmit(request);
  }

  /** The task's actions, or null where this version no longer understands one of them. */
  #bound({ task }: TaskRecord): BoundAction[] | null {
    const requests = 'actions' in task ? task.actions : [];
    const bound = requests.map((request) => bindAction(this.#parts.registry, request));
    const understood = bound.filter((action) => typeof action !== 'string');
    return understood.length === bound.length ? understood : null;
  }
}

/** The states of a task's steps while it goes forward. */
const FORWARD: ReadonlySet<StepRecord['state']> = new Set(['planned', 'applying', 'applied']);

const STATE_OF_APPLY = { done: 'applied', 'not-done': 'planned', unknown: 'unknown' } as const;
/** An undo that is not done leaves the step applied; one that nobody can see may be done again. */
const STATE_OF_UNDO = { done: 'applied', 'not-done': 'undone', unknown: 'undo-failed' } as const;

function refusalOf(decision: Decision): string | null {
  if (decision.kind === 'admitted') return null;
  if (decision.kind === 'refused') return `it was open when the daemon stopped, and may not go on: ${decision.message}`;
  return 'it was open when the daemon stopped, and its signatures are no longer complete';
}

function interrupted(message: string): Halt {
  return { outcome: 'interrupted', code: 'interrupted', message };
}
