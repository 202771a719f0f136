import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { getCompileCacheDir } from 'node:module';
import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Conversation, type OnOutput } from '../runner/conversation.ts';
import { MAX_PAYLOAD_BYTES } from '../runner/frames.ts';
import { MAX_TIMER_MS, type RunMessage } from '../runner/messages.ts';
import type { CommandExit, CommandRequest, Commands } from '../services/commands.ts';
import type { Clock, Service } from '../services/ports.ts';
import { readBootId } from './processes.ts';
import { OWN_USER, type RunnerUser } from './runner-user.ts';
import { type Survivor, sweepSurvivors } from './survivors.ts';

export interface RunnerOptions {
  /** Where the runner notes its processes, `var/run`. Of one runner only. */
  runDir: string;
  clock: Clock;
  /** Hears when a runner died or had to be killed, and what it had left. */
  onDeath?: (message: string, survivors: readonly Survivor[]) => void;
  /** How much longer than its own bounds a run may take before the runner counts as wedged. */
  slackMs?: number;
  /** Who runs the commands. */
  user?: RunnerUser;
  /** The runner's program, where it is another one than production's. */
  entry?: string | undefined;
}

interface Connection {
  child: ChildProcess;
  conversation: Conversation;
  gone: Promise<void>;
  /** Resolves once the runner is gone and what it left has been ended. */
  swept: Promise<Survivor[]>;
}

type Conclusion = Omit<CommandExit, 'durationMs'>;

const ENTRY = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../runner/main.ts' : '../runner/main.js', import.meta.url),
);
/** Measured: a sixth more runs per second, and 10 MB less. */
const NODE_FLAGS = ['--max-semi-space-size=1', '--single-threaded'];
const SLACK_MS = 10_000;

/** Runs commands in a runner process, and starts another when that dies. */
export class Runner implements Commands, Service {
  readonly #options: RunnerOptions;
  #started = false;
  #connection: Promise<Connection> | null = null;
  /** Of the runner before: two must not use one folder at a time. */
  #previous: Promise<void> = Promise.resolve();
  /** Of the runs under way: a runner that stops may take as long. */
  readonly #graces = new Map<symbol, number>();
  #pid: number | null = null;

  constructor(options: RunnerOptions) {
    this.#options = { ...options, runDir: resolve(options.runDir) };
  }

  /** Of the runner process; null while there is none. */
  get pid(): number | null {
    return this.#pid;
  }

  async start(): Promise<void> {
    this.#started = true;
    await this.#connect();
  }

  /** Ends every command (`aborted`), then the runner. */
  async stop(): Promise<void> {
    this.#started = false;
    const connection = await this.#connection?.catch(() => null);
    this.#connection = null;
    if (connection) {
      connection.child.stdin?.end();
      const backstop = this.#killAfter(connection.child, this.#longestGraceMs + this.#slackMs);
      await connection.swept;
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

  get #user(): RunnerUser {
    return this.#options.user ?? OWN_USER;
  }

  get #slackMs(): number {
    return this.#options.slackMs ?? SLACK_MS;
  }

  async #conclude(request: CommandRequest, signal: AbortSignal, onOutput: OnOutput): Promise<Conclusion> {
    const message = Buffer.from(JSON.stringify(runMessage(request)));
    if (message.length > MAX_PAYLOAD_BYTES) return notStarted('stdin, arguments and environment are over 64 MiB');
    const connection = this.#started ? await this.#connect().catch(messageOf) : null;
    if (typeof connection === 'string') return notStarted(`the runner could not be started: ${connection}`);
    if (connection === null || !this.#started) return notStarted('the runner is stopped');
    if (signal.aborted) return notStarted('it was aborted before it started');
    const run = connection.conversation.begin(message, onOutput);
    signal.addEventListener('abort', run.abort);
    const backstop = this.#killAfter(connection.child, request.timeoutMs + request.graceMs + this.#slackMs);
    // The output may take longer; what is bounded is the runner.
    void run.reported.then(() => clearTimeout(backstop));
    const exit = await run.concluded;
    signal.removeEventListener('abort', run.abort);
    return exit ?? this.#lost(connection, request);
  }

  async #lost(connection: Connection, request: CommandRequest): Promise<Conclusion> {
    const survivors = await connection.swept;
    const own = survivors.filter(({ task_id, step }) => task_id === request.task_id && step === request.step);
    const message = `${deathOf(connection.child)}; how far the command came is not known`;
    const leftRunning = own.flatMap((survivor) => survivor.leftRunning);
    return { ended: 'lost', exitCode: null, signal: null, message, leftRunning };
  }

  #killAfter(child: ChildProcess, delayMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#kill(child), Math.min(delayMs, MAX_TIMER_MS));
  }

  /** Its group: of another user there is a sudo above it, which cannot be killed. */
  #kill({ pid }: ChildProcess): void {
    if (pid !== undefined) this.#user.signal(-pid, 'SIGKILL');
  }

  #connect(): Promise<Connection> {
    if (this.#connection !== null) return this.#connection;
    const opening = this.#previous.then(() => this.#open());
    this.#connection = opening;
    opening.then(
      ({ gone }) => gone.then(() => this.#forget(opening)),
      () => this.#forget(opening),
    );
    return opening;
  }

  #forget(connection: Promise<Connection>): void {
    if (this.#connection === connection) this.#connection = null;
  }

  async #open(): Promise<Connection> {
    const { runDir, entry = ENTRY } = this.#options;
    await mkdir(runDir, { recursive: true, mode: 0o700 });
    const child = await spawnRunner([
      ...this.#user.become,
      process.execPath,
      ...NODE_FLAGS,
      entry,
      runDir,
      await readBootId(),
    ]);
    const conversation = new Conversation(child.stdin, child.stdout, () => this.#kill(child));
    const { promise: gone, resolve: leave } = Promise.withResolvers<void>();
    child.once('close', leave);
    this.#pid = child.pid ?? null;
    const swept = gone.then(() => this.#sweep(child, conversation));
    this.#previous = swept.then(() => undefined);
    return { child, conversation, gone, swept };
  }

  /** Ends what a dead runner left. After an orderly end there is nothing. */
  async #sweep(child: ChildProcess, conversation: Conversation): Promise<Survivor[]> {
    this.#pid = null;
    const { runDir, onDeath } = this.#options;
    const sweep = {
      runDir,
      graceMs: this.#longestGraceMs,
      justDied: true,
      known: conversation.close(),
      signal: this.#user.signal,
    };
    const found = await sweepSurvivors(sweep).catch(messageOf);
    const survivors = typeof found === 'string' ? [] : found;
    const fault = typeof found === 'string' ? `; what it left could not be looked for: ${found}` : '';
    if (child.exitCode !== 0 || fault !== '') onDeath?.(`${deathOf(child)}${fault}`, survivors);
    return survivors;
  }
}

async function spawnRunner([program = '', ...args]: string[]): Promise<ChildProcessByStdio<Writable, Readable, null>> {
  const child = spawn(program, args, {
    cwd: '/',
    // Nothing more of the daemon's: what the runner does not hold it cannot pass on.
    env: compileCache(),
    // Out of reach of what a terminal or launchd sends to the daemon's group.
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child, 'spawn');
  return child;
}

/** With it Node does not load what strips types, which is 20 MB in the runner, and to be copied at every spawn. */
function compileCache(): NodeJS.ProcessEnv {
  const directory = getCompileCacheDir();
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: directory };
}

function runMessage(request: CommandRequest): RunMessage {
  const { task_id, step, argv, cwd, env, stdin, timeoutMs, graceMs, outputLimitBytes, confinement } = request;
  return { task_id, step, argv, cwd, env, stdin, timeoutMs, graceMs, outputLimitBytes, confinement };
}

function notStarted(message: string): Conclusion {
  return { ended: 'not-started', exitCode: null, signal: null, message, leftRunning: [] };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const deathOf = (child: ChildProcess): string => `the runner died (${child.signalCode ?? `exit ${child.exitCode}`})`;
