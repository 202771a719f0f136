import { resolve } from 'node:path';
import { coerceError } from '../errors.ts';
import type { OnOutput } from '../runner/conversation.ts';
import { MAX_PAYLOAD_BYTES } from '../runner/frames.ts';
import type { RunMessage } from '../runner/messages.ts';
import type { CommandExit, CommandRequest, Commands } from '../services/commands.ts';
import type { Clock, Service } from '../services/ports.ts';
import { RunnerProcess } from './runner-process.ts';
import { OWN_USER, type RunnerUser } from './runner-user.ts';
import type { Survivor } from './survivors.ts';

export interface RunnerOptions {
  /** Where the runner notes its processes, `var/run`. Of one runner only. */
  runDir: string;
  clock: Clock;
  /** Hears when a runner died or had to be killed, and what it had left. */
  onDeath?: (message: string, survivors: readonly Survivor[]) => void;
  /** Hears each line that a runner says on its standard error, as it comes: secrets may stand in it. */
  onSaid?: (line: string) => void;
  /** How much longer than its own bounds a run may take before the runner counts as wedged. */
  slackMs?: number;
  /** Who runs the commands. */
  user?: RunnerUser;
  /** The runner's program, where it is another one than production's. */
  entry?: string | undefined;
}

type Conclusion = Omit<CommandExit, 'durationMs'>;

const SLACK_MS = 10_000;

/** Runs commands in a runner process, and starts another when that dies. */
export class Runner implements Commands, Service {
  readonly #options: RunnerOptions;
  readonly #slackMs: number;
  #started = false;
  #process: Promise<RunnerProcess> | null = null;
  /** Of the runner before: two must not use one folder at a time. */
  #previous: Promise<void> = Promise.resolve();
  /** Of the runs under way: a runner that stops may take as long. */
  readonly #graces = new Map<symbol, number>();
  #pid: number | null = null;

  constructor(options: RunnerOptions) {
    this.#options = { ...options, runDir: resolve(options.runDir) };
    this.#slackMs = options.slackMs ?? SLACK_MS;
  }

  /** Of the runner process; null while there is none. */
  get pid(): number | null {
    return this.#pid;
  }

  async start(): Promise<void> {
    this.#started = true;
    await this.#opened();
  }

  /** Ends every command (`aborted`), then the runner. */
  async stop(): Promise<void> {
    this.#started = false;
    const runner = await this.#process?.catch(() => null);
    this.#process = null;
    if (runner) {
      runner.end();
      const backstop = runner.killAfter(this.#longestGraceMs + this.#slackMs);
      await runner.swept;
      clearTimeout(backstop);
    }
    await this.#previous;
  }

  async run(request: CommandRequest, signal: AbortSignal, onOutput: OnOutput): Promise<CommandExit> {
    const { clock } = this.#options;
    const since = clock.monotonic();
    const turn = Symbol(request.task_id);
    this.#graces.set(turn, request.graceMs);
    const conclusion = await this.#conclude(request, signal, onOutput);
    this.#graces.delete(turn);
    return { ...conclusion, durationMs: clock.monotonic() - since };
  }

  get #longestGraceMs(): number {
    return Math.max(0, ...this.#graces.values());
  }

  async #conclude(request: CommandRequest, signal: AbortSignal, onOutput: OnOutput): Promise<Conclusion> {
    const message = Buffer.from(JSON.stringify(runMessage(request)));
    if (message.length > MAX_PAYLOAD_BYTES) return notStarted('stdin, arguments and environment are over 64 MiB');
    const runner = this.#started ? await this.#opened().catch(coerceError) : null;
    if (runner instanceof Error) return notStarted(`the runner could not be started: ${runner.message}`);
    if (runner === null || !this.#started) return notStarted('the runner is stopped');
    if (signal.aborted) return notStarted('it was aborted before it started');
    const run = runner.conversation.begin(message, onOutput);
    signal.addEventListener('abort', run.abort);
    const backstop = runner.killAfter(request.timeoutMs + request.graceMs + this.#slackMs);
    // The output may take longer; what is bounded is the runner.
    void run.reported.then(() => clearTimeout(backstop));
    const exit = await run.concluded;
    signal.removeEventListener('abort', run.abort);
    return exit ?? lost(runner, request);
  }

  #opened(): Promise<RunnerProcess> {
    if (this.#process !== null) return this.#process;
    const opening = this.#previous.then(() => this.#open());
    this.#process = opening;
    const forget = () => {
      this.#pid = null;
      if (this.#process === opening) this.#process = null;
    };
    opening.then(({ gone }) => gone.then(forget), forget);
    return opening;
  }

  async #open(): Promise<RunnerProcess> {
    const { runDir, onDeath, onSaid, entry, user = OWN_USER } = this.#options;
    const graceMs = () => this.#longestGraceMs;
    const runner = await RunnerProcess.open({ runDir, user, entry, onDeath, onSaid, graceMs });
    this.#pid = runner.pid;
    this.#previous = runner.swept.then(() => undefined);
    return runner;
  }
}

async function lost(runner: RunnerProcess, { task_id, step }: CommandRequest): Promise<Conclusion> {
  const survivors = await runner.swept;
  const own = survivors.filter((survivor) => survivor.task_id === task_id && survivor.step === step);
  const message = `${runner.death}; how far the command came is not known`;
  const leftRunning = own.flatMap((survivor) => survivor.leftRunning);
  return { ended: 'lost', exitCode: null, signal: null, message, leftRunning };
}

function runMessage(request: CommandRequest): RunMessage {
  const { task_id, step, argv, cwd, env, stdin, timeoutMs, graceMs, outputLimitBytes, confinement } = request;
  return { task_id, step, argv, cwd, env, stdin, timeoutMs, graceMs, outputLimitBytes, confinement };
}

function notStarted(message: string): Conclusion {
  return { ended: 'not-started', exitCode: null, signal: null, message, leftRunning: [] };
}
