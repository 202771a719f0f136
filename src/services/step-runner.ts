import { isDeepStrictEqual } from 'node:util';
import { coerceError } from '../errors.ts';
import { type State, type StepRecord, undoPlan } from '../planning/record.ts';
import type { Failpoint } from './failpoint.ts';
import { type Halt, haltBy, haltByWithdrawal, haltOf } from './halt.ts';
import type { Ledger, StepChange, Told } from './ledger.ts';
import type { Clock } from './ports.ts';
import { type Effect, failed, kindOf, refusedTo, type StepContext, type StepKinds } from './step-kind.ts';

/** A task's run. Aborting the signal with a `Halt` as its reason ends the running step. */
export interface Run {
  task_id: string;
  /** Everything by which a control statement can mean this task. */
  targets: readonly string[];
  signal: AbortSignal;
  output: StepContext['output'];
  waitsForStop?: StepContext['waitsForStop'];
  lastLines?: StepContext['lastLines'];
  /** Processes that its steps left behind. */
  leftRunning: string[];
}

export interface UndoResult {
  /** Why not everything is taken back; null where it is. */
  problem: { code: string; message: string } | null;
}

export interface StepRunnerParts {
  ledger: Ledger;
  kinds: StepKinds;
  clock: Clock;
  /** Resolves when it is known what came while the host slept. */
  awake: () => Promise<void>;
  reached: Failpoint;
}

/** Applies and undoes a task's steps. The intent is durable before each effect, the result before the next. */
export class StepRunner {
  readonly #ledger: Ledger;
  readonly #kinds: StepKinds;
  readonly #clock: Clock;
  readonly #awake: () => Promise<void>;
  readonly #reached: Failpoint;

  constructor({ ledger, kinds, clock, awake, reached }: StepRunnerParts) {
    this.#ledger = ledger;
    this.#kinds = kinds;
    this.#clock = clock;
    this.#awake = awake;
    this.#reached = reached;
  }

  /** The veto or cancellation in force that names one of these targets, a veto first. */
  withdrawal(targets: readonly string[]): Halt | null {
    const [first] = this.#ledger.withdrawals(targets, this.#clock.now());
    return first ? haltByWithdrawal(first) : null;
  }

  /** Applies the planned steps in their order, until one does not apply or the task is withdrawn. */
  async apply(run: Run): Promise<Halt | null> {
    for (const record of this.#ledger.steps(run.task_id)) {
      if (record.state !== 'planned') continue;
      await this.#awake();
      const halt = this.withdrawal(run.targets) ?? haltOf(run.signal) ?? (await this.#applyOne(run, record));
      if (halt) return halt;
    }
    const halt = this.withdrawal(run.targets) ?? haltOf(run.signal);
    return halt?.open ? null : halt;
  }

  async #applyOne(run: Run, record: StepRecord): Promise<Halt | null> {
    const kind = kindOf(this.#kinds, record.step);
    const captured = await kind.capture(record.step).catch(coerceError);
    if (captured instanceof Error) return this.#refused(run, record, captured.message);
    await this.#ledger.commit(() => this.#change(run.task_id, record, { state: 'applying', captured }));
    this.#reached('intended');
    const effect = await this.#timed(run, run.task_id, record, (context) => kind.apply(record.step, context));
    this.#reached('done');
    const halt = effect.outcome === 'applied' ? null : (haltOf(run.signal) ?? haltBy(record, effect));
    if (halt?.open) return halt;
    this.#ledger.write(() =>
      this.#change(run.task_id, record, {
        ...resultOf(effect),
        environment: effect.environment,
        state: effect.outcome,
      }),
    );
    return halt;
  }

  #refused(run: Run, record: StepRecord, message: string): Halt {
    this.#ledger.write(() => this.#change(run.task_id, record, { state: 'refused', message }));
    return haltBy(record, refusedTo('failed', message));
  }

  /** Takes back what `taskId` (or one of its actions) did, the last step first. With `compare`, only if all of it still is as it was left. */
  async undo(run: Run, taskId: string, options: { action?: number; compare: boolean }): Promise<UndoResult> {
    const { steps, stopsAt } = undoPlan(this.#ledger.steps(taskId), options.action);
    const changed = options.compare ? await this.#firstChanged(taskId, steps) : null;
    if (changed) return { problem: changed };
    for (const record of steps) {
      const effect = await this.#undoOne(run, taskId, record);
      if (effect.outcome !== 'applied')
        return { problem: { code: 'undo-failed', message: remains(record, effect.message) } };
    }
    return { problem: stopsAt && { code: 'irreversible', message: remains(stopsAt, 'was signed as irreversible') } };
  }

  async #undoOne(run: Run, taskId: string, record: StepRecord): Promise<Effect> {
    const kind = kindOf(this.#kinds, record.step);
    await this.#ledger.commit(() => this.#change(taskId, record, { state: 'undoing' }));
    this.#reached('undo-intended');
    const effect = await this.#timed(run, taskId, record, (context) =>
      kind.undo(record.step, record.captured, { ...context, signal: new AbortController().signal }),
    );
    this.#reached('undone');
    const state = effect.outcome === 'applied' ? 'undone' : 'undo-failed';
    // From here the next try goes on, if nobody else has touched it.
    const left = effect.left ?? (await kind.observe(record.step).catch(() => null));
    this.#ledger.write(() => this.#change(taskId, record, { ...resultOf(effect), left, state }));
    return effect;
  }

  async #firstChanged(taskId: string, steps: readonly StepRecord[]): Promise<UndoResult['problem']> {
    for (const record of lastOfEach(steps)) {
      const { step } = record;
      const now = await kindOf(this.#kinds, step).observe(step).catch(coerceError);
      if (now instanceof Error)
        return { code: 'changed-since', message: `${step.target}: ${now.message}. Nothing was undone` };
      // Where nobody can see what a step changed, its target is but the name of a program.
      const later = now === null ? undefined : this.#ledger.laterTaskOn(step, taskId);
      if (isAsLeft(record, now) && !later) continue;
      const by = later
        ? `: the later task ${later} stands on it, undo that one first`
        : ' by something that is no task';
      return { code: 'changed-since', message: `${step.target} was changed since${by}. Nothing was undone` };
    }
    return null;
  }

  async #timed(
    run: Run,
    work: string,
    { n }: StepRecord,
    act: (context: StepContext) => Promise<Effect>,
  ): Promise<Effect & { durationMs: number }> {
    const { task_id, signal, output, waitsForStop, lastLines } = run;
    const began = this.#clock.monotonic();
    const effect = await act({ task_id, work, n, signal, output, waitsForStop, lastLines }).catch((error: unknown) =>
      failed('failed', coerceError(error).message),
    );
    run.leftRunning.push(...effect.leftRunning);
    return { ...effect, durationMs: Math.round(this.#clock.monotonic() - began) };
  }

  #change(taskId: string, { n, action, step }: StepRecord, change: StepChange): void {
    this.#ledger.changeStep(taskId, n, change);
    const detail = { n, kind: step.kind, target: step.target };
    this.#ledger.audit({ event: `step-${change.state}`, task_id: taskId, detail }, { action, ...toldOf(change) });
  }
}

/** Of several steps on one thing, the last one first, that one knows how it was left. */
function lastOfEach(steps: readonly StepRecord[]): StepRecord[] {
  return [...Map.groupBy(steps, ({ step }) => `${step.kind} ${step.target} ${step.only ?? ''}`).values()].flatMap(
    (same) => same.slice(0, 1),
  );
}

/** Whether nothing but the step itself has touched what it changes. What did not apply may have left it as it was. */
function isAsLeft({ left, captured }: StepRecord, now: State): boolean {
  if (now === null) return true;
  return isPartOf(now, captured) || (left !== null && isDeepStrictEqual(now, left));
}

/** What was captured may say more than what is observed: which run of a service it was. */
const isPartOf = (now: NonNullable<State>, captured: State): boolean =>
  captured !== null && Object.entries(now).every(([key, value]) => captured[key] === value);

function resultOf({ left, message, health, durationMs }: Effect & { durationMs: number }) {
  return { left, message, health, durationMs };
}

function toldOf({ state, message, durationMs }: StepChange): Told {
  if (state === 'applying' || state === 'undoing') return {};
  return { outcome: state, reason: message || null, duration_ms: durationMs ?? null };
}

function remains({ n, step }: StepRecord, why: string): string {
  return `step ${n} (${step.title}) stands: ${why}; so do the steps before it`;
}
