import type { Withdrawal } from '../admission/facts.ts';
import type { OpsOutput } from '../contract/ops-output.ts';
import { type Halt, haltByWithdrawal } from './halt.ts';
import type { Clock, TaskOutput } from './ports.ts';
import { type Run } from './step-runner.ts';

export type Log = (lines: string[]) => Promise<void>;

interface Bounds {
  /** Everything by which a control statement can mean the task. */
  targets: readonly string[];
  limitMs: number | undefined;
}

interface Entry {
  targets: readonly string[];
  controller: AbortController;
  done: Promise<OpsOutput | null>;
}

/** The tasks that run now, so that a veto, a cancellation or the daemon's stop can end them. */
export class Running {
  readonly #entries = new Map<string, Entry>();
  /** Those that can end only once the daemon has. */
  readonly #waiting = new Set<string>();
  readonly #output: (taskId: string, log: Log) => TaskOutput;
  readonly #clock: Clock;

  /** `output` opens the place where a task's output goes. */
  constructor(output: (taskId: string, log: Log) => TaskOutput, clock: Clock) {
    this.#output = output;
    this.#clock = clock;
  }

  get taskIds(): string[] {
    return [...this.#entries.keys()];
  }

  /**
   * Does `work` as the run of a task; resolves when its outcome is in the ledger, or with null where it stays open.
   * After `limitMs`, where there is one, its running step is ended, and it has failed.
   */
  async track(
    taskId: string,
    { targets, limitMs }: Bounds,
    log: Log,
    work: (run: Run) => Promise<OpsOutput | null>,
  ): Promise<OpsOutput | null> {
    const controller = new AbortController();
    const output = this.#output(taskId, log);
    const run: Run = {
      task_id: taskId,
      targets,
      signal: controller.signal,
      output: (chunk, source) => output.write(chunk, source),
      waitsForStop: () => void this.#waiting.add(taskId),
      lastLines: () => output.lastLines(),
      leftRunning: [],
    };
    const ended = new AbortController();
    if (limitMs !== undefined) void this.#endAfter(limitMs, controller, ended.signal);
    const done = work(run);
    this.#entries.set(taskId, { targets, controller, done });
    try {
      return await done;
    } finally {
      ended.abort();
      this.#entries.delete(taskId);
      this.#waiting.delete(taskId);
      await output.close();
    }
  }

  async #endAfter(limitMs: number, controller: AbortController, ended: AbortSignal): Promise<void> {
    await this.#clock.wait(limitMs, ended);
    const message = `it took longer than its limit of ${limitMs} ms`;
    if (!ended.aborted) controller.abort({ outcome: 'failed', code: 'time-limit', message } satisfies Halt);
  }

  withdraw(withdrawal: Withdrawal): void {
    for (const { targets, controller } of this.#entries.values()) {
      if (targets.includes(withdrawal.target)) controller.abort(haltByWithdrawal(withdrawal));
    }
  }

  /** Ends all running steps and leaves their tasks open. */
  async stop(): Promise<void> {
    const halt: Halt = { outcome: 'interrupted', code: 'interrupted', message: 'the daemon was stopped', open: true };
    const entries = [...this.#entries.values()];
    for (const { controller } of entries) controller.abort(halt);
    await Promise.allSettled(entries.map(({ done }) => done));
  }

  /** Resolves when nothing runs but what waits for the daemon's end. */
  async idle(): Promise<void> {
    const others = [...this.#entries].filter(([taskId]) => !this.#waiting.has(taskId));
    await Promise.allSettled(others.map(([, { done }]) => done));
  }
}
