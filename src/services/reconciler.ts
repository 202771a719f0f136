import type { Decision } from '../admission/admit.ts';
import type { OpsOutput } from '../contract/ops-output.ts';
import type { Task } from '../contract/task.ts';
import { coerceError } from '../errors.ts';
import type { BoundAction, Registry } from '../planning/action.ts';
import type { StepRecord, StepState } from '../planning/record.ts';
import { isTakenBack } from '../planning/step.ts';
import type { Admissions, Request } from './admissions.ts';
import type { Leftover } from './commands.ts';
import type { Failpoint } from './failpoint.ts';
import type { Halt } from './halt.ts';
import type { Ledger, TaskRecord } from './ledger.ts';
import type { Locks } from './locks.ts';
import type { Performer } from './performer.ts';
import type { Running } from './running.ts';
import { type Answer, type Done, kindOf, type StepKinds } from './step-kind.ts';
import type { Run, StepRunner } from './step-runner.ts';
import { boundActionsOf, workOf } from './work.ts';

export interface ReconcilerParts {
  registry: Registry;
  ledger: Ledger;
  kinds: StepKinds;
  admissions: Admissions;
  locks: Locks;
  running: Running;
  performer: Performer;
  leftovers: readonly Leftover[];
  steps: StepRunner;
  /** A task could not be resumed and stays open. */
  onProblem: (taskId: string, error: Error) => void;
  reached: Failpoint;
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
      const before = this.#parts.ledger.steps(taskId);
      const resumes = workOf(task, this.#parts.ledger)?.on_interrupt === 'resume' && before.every(goesForward);
      const again: StepRecord[] = [];
      for (const step of before.filter(({ state }) => state === 'applying' || state === 'undoing')) {
        // What may still run may still change everything.
        const answer = this.#leftOf(task, step.n).length > 0 ? 'unknown' : await this.#ask(taskId, step);
        if (resumes && answer === 'not-done') again.push(step);
        else await this.#settle(taskId, step, afterCrash(step, answer), isDone(answer) ? answer : {});
      }
      await this.#goOn(record, resumes ? again : null);
    }
  }

  #leftOf({ task_id }: Task, n?: number): Leftover[] {
    return this.#parts.leftovers.filter((left) => left.task_id === task_id && (n === undefined || left.step === n));
  }

  #ask(taskId: string, { n, step, captured }: StepRecord): Promise<Answer | Done> {
    const context = {
      task_id: taskId,
      work: taskId,
      n,
      signal: new AbortController().signal,
      output: async () => undefined,
    };
    return kindOf(this.#parts.kinds, step)
      .reconcile(step, captured, context)
      .catch(() => 'unknown' as const);
  }

  async #settle(
    taskId: string,
    { n, step, action }: StepRecord,
    state: StepState,
    done: Partial<Done> = {},
  ): Promise<void> {
    const { ledger, kinds, reached } = this.#parts;
    const kind = kindOf(kinds, step);
    const left = state === 'applied' ? await kind.observe(step).catch(() => null) : null;
    await ledger.commit(() => {
      const message = `found ${state} after the daemon died`;
      ledger.changeStep(taskId, n, { state, ...(left && { left }), ...done, message });
      const told = { action, outcome: state, reason: message };
      ledger.audit({ event: 'reconciled', task_id: taskId, detail: { n, state } }, told);
    });
    reached('reconciled');
  }

  /**
   * `again`: the steps that had begun and may be applied once more, where the task wants to be resumed; else null. They
   * stay as they are until it is known whether it may: the next start must be able to ask once more.
   */
  async #goOn(record: TaskRecord, again: readonly StepRecord[] | null): Promise<void> {
    const { ledger, admissions, locks, running, onProblem } = this.#parts;
    const { task_id } = record.task;
    const bound = this.#bound(record);
    const request = await admissions.verify({ ...record, actions: bound ?? [] });
    const held = locks.takeAgain(request.resources);
    const steps = ledger.steps(task_id);
    const { targets } = request.candidate;
    const mayGoOn = bound && steps.length > 0 && steps.every(goesForward) && !this.#parts.steps.withdrawal(targets);
    const work = async (run: Run) => {
      run.leftRunning.push(...this.#leftOf(record.task).flatMap(({ leftRunning }) => leftRunning));
      using _mine = await held;
      return mayGoOn && again ? this.#resume(record, request, run, again) : this.#end(record, run, again ?? []);
    };
    const limitMs = workOf(record.task, ledger)?.limit_ms;
    const done = running.track(task_id, { targets, limitMs }, async () => undefined, work);
    if (mayGoOn && again) done.catch((error: unknown) => onProblem(task_id, coerceError(error)));
    else await done;
  }

  async #resume(
    record: TaskRecord,
    request: Request,
    run: Run,
    again: readonly StepRecord[],
  ): Promise<OpsOutput | null> {
    const { admissions, performer } = this.#parts;
    const refusal = refusalOf(await admissions.readmit(request));
    for (const step of again)
      await this.#settle(run.task_id, step, refusal === null ? 'planned' : afterCrash(step, 'not-done'));
    if (refusal === null) return performer.goOn(record, run);
    return performer.finish(record, run, this.#withdrawal(run) ?? interrupted(refusal));
  }

  /** A task whose steps were all through is completed: only the word was missing. */
  async #end(record: TaskRecord, run: Run, again: readonly StepRecord[]): Promise<OpsOutput | null> {
    for (const step of again) await this.#settle(run.task_id, step, afterCrash(step, 'not-done'));
    const steps = this.#parts.ledger.steps(run.task_id);
    const through = steps.length > 0 && steps.every(({ state }) => state === 'applied');
    const halt = through ? null : interrupted('it was open when the daemon stopped');
    return this.#parts.performer.finish(record, run, this.#withdrawal(run) ?? halt);
  }

  /** One that came while the daemon was away counts as if it had come while the task ran. */
  #withdrawal({ targets }: Run): Halt | null {
    const halt = this.#parts.steps.withdrawal(targets);
    return halt && { ...halt, late: true };
  }

  /** The task's actions, or null where this version no longer understands one of them. */
  #bound({ task }: TaskRecord): BoundAction[] | null {
    const bound = boundActionsOf(task, this.#parts.registry, this.#parts.ledger);
    return typeof bound === 'string' ? null : bound;
  }
}

const FORWARD: ReadonlySet<StepState> = new Set(['planned', 'applying', 'applied']);

/** Whether the task was not being taken back when the daemon died, nor had failed. */
const goesForward = ({ state }: StepRecord): boolean => FORWARD.has(state);

const isDone = (answer: Answer | Done): answer is Done => typeof answer === 'object';

/**
 * What a step that was open is now. Only of what can be seen is "not done" the same as "untouched": a command that had
 * begun may have done a part, so its "not done" means that it may run again, not that there is nothing to undo.
 */
function afterCrash({ step, state, captured }: StepRecord, answer: Answer | Done): StepState {
  const untouched = answer === 'not-done' && (captured !== null || !isTakenBack(step));
  if (answer === 'done' || isDone(answer)) return 'applied';
  if (state === 'undoing') return untouched ? 'undone' : 'undo-failed';
  return untouched ? 'planned' : 'unknown';
}

function refusalOf(decision: Decision): string | null {
  if (decision.kind === 'admitted') return null;
  if (decision.kind === 'refused') return `it was open when the daemon stopped, and may not go on: ${decision.message}`;
  return 'it was open when the daemon stopped, and its signatures are no longer complete';
}

function interrupted(message: string): Halt {
  return { outcome: 'interrupted', code: 'interrupted', message, late: true };
}
