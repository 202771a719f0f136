import type { OpsOutput } from '../contract/ops-output.ts';
import { isUndo, type UndoTask } from '../contract/task.ts';
import { coerceError } from '../errors.ts';
import type { BoundAction } from '../planning/action.ts';
import { type StepRecord, undoPlan } from '../planning/record.ts';
import { blocker } from './blockers.ts';
import type { Failpoint } from './failpoint.ts';
import type { Halt } from './halt.ts';
import type { Ledger, TaskRecord } from './ledger.ts';
import { planTask } from './planner.ts';
import type { FactReader } from './ports.ts';
import type { Reporter, TaskEnd } from './reporter.ts';
import type { SourceWatch } from './source-watch.ts';
import type { Run, StepRunner, UndoResult } from './step-runner.ts';
import { workOf } from './work.ts';

export interface PerformerParts {
  ledger: Ledger;
  steps: StepRunner;
  facts: FactReader;
  reporter: Reporter;
  sources: SourceWatch;
  /** The command that undoes, up to the task's id. */
  undoCommand: string;
  reached: Failpoint;
}

/** What a claimed task does until its outcome is in the ledger. Null where the daemon stopped first: the next start goes on. */
export class Performer {
  readonly #ledger: Ledger;
  readonly #steps: StepRunner;
  readonly #facts: FactReader;
  readonly #reporter: Reporter;
  readonly #sources: SourceWatch;
  readonly #undoCommand: string;
  readonly #reached: Failpoint;

  constructor({ ledger, steps, facts, reporter, sources, undoCommand, reached }: PerformerParts) {
    this.#ledger = ledger;
    this.#steps = steps;
    this.#facts = facts;
    this.#reporter = reporter;
    this.#sources = sources;
    this.#undoCommand = undoCommand;
    this.#reached = reached;
  }

  /** Facts, plan, steps, outcome. What goes wrong inside the daemon interrupts the task; rejects where not even that can be written. */
  async perform(record: TaskRecord, actions: readonly BoundAction[], run: Run): Promise<OpsOutput | null> {
    return this.#perform(record, actions, run).catch((error: unknown) => {
      const message = `something went wrong inside the daemon: ${coerceError(error).message}`;
      return this.finish(record, run, { outcome: 'interrupted', code: 'interrupted', message, late: true });
    });
  }

  async #perform(record: TaskRecord, actions: readonly BoundAction[], run: Run): Promise<OpsOutput | null> {
    const { task } = record;
    if (isUndo(task)) return this.#takeBack(record, task, run);
    const plan = await planTask(actions, this.#facts);
    this.#reached('facts-read');
    if ('code' in plan) return this.finish(record, run, { outcome: 'failed', ...plan });
    this.#ledger.write(() => {
      this.#ledger.addSteps(task.task_id, plan.steps);
      this.#ledger.audit({ event: 'planned', task_id: task.task_id, detail: { steps: plan.steps.length } });
    });
    this.#reached('planned');
    return this.goOn(record, run);
  }

  /** Applies what is still planned, and concludes. */
  async goOn(record: TaskRecord, run: Run): Promise<OpsOutput | null> {
    await this.#sources.note(run.task_id, this.#ledger.steps(run.task_id));
    return this.finish(record, run, await this.#steps.apply(run));
  }

  /** Concludes a task whose steps are over; takes them back first where the task, or who withdrew it, wants that. */
  async finish(record: TaskRecord, run: Run, halt: Halt | null): Promise<OpsOutput | null> {
    const { task } = record;
    if (halt?.open) return null;
    if (isUndo(task)) return this.#finishUndo(record, task, run, halt);
    const compare = halt?.late ?? false;
    const undone = halt && this.#wantsUndo(record, halt) ? await this.#steps.undo(run, run.task_id, { compare }) : null;
    const records = this.#ledger.steps(run.task_id);
    return this.#conclude({
      record,
      outcome: halt?.outcome ?? 'completed',
      records,
      blockers: [halt, undone?.problem].filter((problem) => problem != null).map(blocker),
      notes: [...this.#notes(record, records, halt, undone), ...leftBehind(run)],
      leftRunning: run.leftRunning,
      undid: null,
    });
  }

  async #takeBack(record: TaskRecord, task: UndoTask, run: Run): Promise<OpsOutput> {
    const { task_id, action } = task.undo;
    const touched = undoPlan(this.#ledger.steps(task_id), action).steps;
    await this.#sources.note(task.task_id, touched);
    const { problem } = await this.#steps.undo(run, task_id, { ...(action && { action }), compare: true });
    return this.#concludeUndo(record, task, run, touched, problem && { outcome: 'failed', ...problem });
  }

  /** An undo that the daemon did not see the end of: it may have been through all the same. */
  #finishUndo(record: TaskRecord, task: UndoTask, run: Run, halt: Halt | null): Promise<OpsOutput> {
    const { task_id, action } = task.undo;
    const steps = this.#ledger.steps(task_id);
    const left = undoPlan(steps, action);
    const concerned = steps.filter(
      (step) => step.state === 'undone' && (action === undefined || step.action === action),
    );
    const done = left.steps.length === 0 && left.stopsAt === null && concerned.length > 0;
    return this.#concludeUndo(record, task, run, [...concerned, ...left.steps], done ? null : halt);
  }

  #concludeUndo(
    record: TaskRecord,
    { undo }: UndoTask,
    run: Run,
    touched: readonly StepRecord[],
    halt: Halt | null,
  ): Promise<OpsOutput> {
    const after = this.#ledger.steps(undo.task_id);
    const numbers = new Set(touched.map(({ n }) => n));
    const what = undo.action === undefined ? undo.task_id : `${undo.task_id}, action ${undo.action}`;
    const stands = `${what} is not wholly taken back. Ask for its undo again: it goes on from there.`;
    return this.#conclude({
      record,
      outcome: halt?.outcome ?? 'completed',
      records: after.filter(({ n }) => numbers.has(n)),
      blockers: halt ? [blocker(halt)] : [],
      notes: [halt ? stands : `Took back ${what}.`, ...leftBehind(run)],
      leftRunning: run.leftRunning,
      undid: undoPlan(after).steps.length === 0 && !halt ? undo.task_id : null,
    });
  }

  async #conclude(end: Omit<TaskEnd, 'protected'>): Promise<OpsOutput> {
    const { roots, problem } = await this.#sources.compare(end.record.task.task_id);
    if (!problem) return this.#reporter.conclude({ ...end, protected: roots });
    const outcome = end.outcome === 'completed' ? 'failed' : end.outcome;
    return this.#reporter.conclude({
      ...end,
      outcome,
      blockers: [...end.blockers, blocker(problem)],
      protected: roots,
    });
  }

  /** A veto or a cancellation always takes back; a failure and an interruption as the task says. */
  #wantsUndo({ task }: TaskRecord, { outcome }: Halt): boolean {
    if (outcome === 'vetoed' || outcome === 'cancelled') return true;
    const work = workOf(task, this.#ledger);
    return (outcome === 'interrupted' ? work?.on_interrupt : work?.on_failure) === 'undo';
  }

  #notes({ task }: TaskRecord, records: readonly StepRecord[], halt: Halt | null, undone: UndoResult | null): string[] {
    if (!halt) return [`Applied ${records.length === 1 ? 'its one step' : `all ${records.length} steps`}.`];
    const tookBack = records.some(({ state }) => state === 'undone');
    if (tookBack && undone && !undone.problem)
      return ['What it had changed is taken back: the host is as it was before.'];
    const unknown = records.filter(({ state }) => state === 'unknown' || state === 'applying');
    const notes = unknown.map(
      ({ n, step }) => `What step ${n} (${step.title}) did is unknown: look before you send it again.`,
    );
    const standing = undoPlan(records);
    if (standing.steps.length === 0 && !standing.stopsAt) return [...notes, 'Nothing was changed.'];
    const numbers = [...standing.steps, ...(standing.stopsAt ? [standing.stopsAt] : [])]
      .map(({ n }) => n)
      .toSorted((a, b) => a - b);
    notes.push(`Step ${numbers.join(', ')} of ${records.length} stands or may stand.`);
    if (standing.steps.length > 0) notes.push(`Take back what can be: ${this.#undoCommand} ${task.task_id}`);
    return notes;
  }
}

function leftBehind({ leftRunning }: Run): string[] {
  return leftRunning.length > 0 ? [`Left running: ${leftRunning.join(', ')}.`] : [];
}
