import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { getCompileCacheDir } from 'node:module';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { coerceError } from '../errors.ts';
import { Conversation } from '../runner/conversation.ts';
import { MAX_TIMER_MS } from '../runner/messages.ts';
import { readBootId } from './processes.ts';
import type { RunnerUser } from './runner-user.ts';
import { type Survivor, sweepSurvivors } from './survivors.ts';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

export interface RunnerProcessOptions {
  /** Where it notes its processes. Of one runner at a time. */
  runDir: string;
  /** Who it is. */
  user: RunnerUser;
  /** Its program, where it is another one than production's. */
  entry: string | undefined;
  /** What the longest of its commands may take between TERM and KILL. */
  graceMs: () => number;
  /** Hears when it died or had to be killed, and what it had left. */
  onDeath: ((message: string, survivors: readonly Survivor[]) => void) | undefined;
  /** Hears each line that it says on its standard error, as it comes: secrets of its commands may stand in it. */
  onSaid: ((line: string) => void) | undefined;
}

const ENTRY = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../runner/main.ts' : '../runner/main.js', import.meta.url),
);
/** Measured: a sixth more runs per second, and 10 MB less. */
const NODE_FLAGS = ['--max-semi-space-size=1', '--single-threaded'];

/** One runner process, until what it left has been ended. */
export class RunnerProcess {
  readonly conversation: Conversation;
  /** Resolves once it is gone. */
  readonly gone: Promise<void>;
  /** Resolves once what it left has been ended, with that. After an orderly end there is nothing. */
  readonly swept: Promise<Survivor[]>;
  readonly #child: Child;
  readonly #options: RunnerProcessOptions;

  private constructor(child: Child, options: RunnerProcessOptions) {
    this.#child = child;
    this.#options = options;
    this.conversation = new Conversation(child.stdin, child.stdout, () => this.#kill());
    createInterface({ input: child.stderr }).on('line', (line) => options.onSaid?.(line));
    this.gone = new Promise((resolve) => child.once('close', () => resolve()));
    this.swept = this.gone.then(() => this.#sweep());
  }

  /** @throws where it cannot be spawned. */
  static async open(options: RunnerProcessOptions): Promise<RunnerProcess> {
    const { runDir, user, entry = ENTRY } = options;
    await mkdir(runDir, { recursive: true, mode: 0o700 });
    const argv = [...user.become, process.execPath, ...NODE_FLAGS, entry, runDir, await readBootId()];
    return new RunnerProcess(await spawned(argv), options);
  }

  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  /** How it died. */
  get death(): string {
    const { signalCode, exitCode } = this.#child;
    return `the runner died (${signalCode ?? `exit ${exitCode}`})`;
  }

  /** Has it end its commands, and itself. */
  end(): void {
    this.#child.stdin.end();
  }

  killAfter(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#kill(), Math.min(delayMs, MAX_TIMER_MS));
  }

  /** Its group: of another user there is a sudo above it, which cannot be killed. */
  #kill(): void {
    if (this.#child.pid !== undefined) this.#options.user.signal(-this.#child.pid, 'SIGKILL');
  }

  async #sweep(): Promise<Survivor[]> {
    const { runDir, user, graceMs, onDeath } = this.#options;
    const known = this.conversation.close();
    const sweep = { runDir, graceMs: graceMs(), justDied: true, known, signal: user.signal };
    const found = await sweepSurvivors(sweep).catch(coerceError);
    const survivors = found instanceof Error ? [] : found;
    const fault = found instanceof Error ? `; what it left could not be looked for: ${found.message}` : '';
    if (this.#child.exitCode !== 0 || fault !== '') onDeath?.(`${this.death}${fault}`, survivors);
    return survivors;
  }
}

async function spawned([program = '', ...args]: string[]): Promise<Child> {
  const child = spawn(program, args, {
    cwd: '/',
    // Nothing more of the daemon's: what the runner does not hold it cannot pass on.
    env: compileCache(),
    // Out of reach of what a terminal or launchd sends to the daemon's group.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  await once(child, 'spawn');
  return child;
}

/** With it Node does not load what strips types, which is 20 MB in the runner, and to be copied at every spawn. */
function compileCache(): NodeJS.ProcessEnv {
  const directory = getCompileCacheDir();
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: directory };
}
