import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs';
import type { Account } from '../../../src/adapters/accounts.ts';
import { type Definition, isKeptAlive, umaskOf } from './definition.ts';

export type State = 'not running' | 'spawn scheduled' | 'running' | 'SIGTERMed' | 'SIGKILLed';

const DEFAULT_PATH = '/usr/bin:/bin:/usr/sbin:/sbin';
const EX_CONFIG = 78;

/** A service that launchd has taken in, with the process that it runs, if any. */
export class Job {
  readonly definition: Definition;
  readonly path: string;
  readonly #account: Account;
  state: State = 'not running';
  runs = 0;
  lastExit: { code: number } | { signal: NodeJS.Signals } | null = null;
  #child: ChildProcess | undefined;
  #spawnedAt = Number.NEGATIVE_INFINITY;
  #next: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  #leaving = false;

  constructor(path: string, definition: Definition, account: Account) {
    this.path = path;
    this.definition = definition;
    this.#account = account;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get leaving(): boolean {
    return this.#leaving;
  }

  /** As soon as the throttle lets it. */
  start(): void {
    if (this.#child || this.#next) return;
    const waitMs = this.#spawnedAt + this.definition.ThrottleInterval * 1000 - performance.now();
    if (waitMs <= 0) return this.#spawn();
    this.state = 'spawn scheduled';
    this.#next = setTimeout(() => this.#spawn(), waitMs);
  }

  /** SIGTERM; SIGKILL when the patience is over. */
  stop(): void {
    if (!this.#child || this.state !== 'running') return;
    this.state = 'SIGTERMed';
    this.signal('SIGTERM');
    const { ExitTimeOut } = this.definition;
    if (ExitTimeOut > 0) this.#patience = setTimeout(() => this.kill(), ExitTimeOut * 1000);
  }

  kill(): void {
    this.state = 'SIGKILLed';
    this.signal('SIGKILL');
  }

  /** False where there is no process. */
  signal(signal: NodeJS.Signals): boolean {
    return this.#child?.kill(signal) ?? false;
  }

  /** `kickstart -k`, as seen on macOS 26: SIGKILL, and started again whatever KeepAlive says. */
  async restart(): Promise<void> {
    if (this.#child) {
      this.kill();
      await once(this.#child, 'exit');
    }
    this.start();
  }

  /** Does not start it again, whatever happens. */
  forget(): void {
    this.#leaving = true;
    clearTimeout(this.#next);
  }

  /** Stops it for good; resolves when its process is gone. */
  async leave(): Promise<void> {
    this.forget();
    const child = this.#child;
    if (!child) return;
    const gone = once(child, 'exit');
    this.stop();
    await gone;
  }

  #spawn(): void {
    this.#next = undefined;
    this.#spawnedAt = performance.now();
    this.runs += 1;
    const child = this.#launch();
    if (!child) return this.#ended(EX_CONFIG, null);
    this.#child = child;
    this.state = 'running';
    child.once('exit', (code, signal) => {
      this.#child = undefined;
      // AbandonProcessGroup is false: one SIGTERM to what is left of its process group.
      if (child.pid !== undefined) signalIfThere(-child.pid, 'SIGTERM');
      this.#ended(code, signal);
    });
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    clearTimeout(this.#patience);
    this.lastExit = signal ? { signal } : { code: code ?? 0 };
    this.state = 'not running';
    if (!this.#leaving && isKeptAlive(this.definition, code)) this.start();
  }

  /** Undefined where launchd cannot even start it: no program, no folder, no log. */
  #launch(): ChildProcess | undefined {
    const { ProgramArguments, WorkingDirectory, EnvironmentVariables, Label } = this.definition;
    const env = { PATH: DEFAULT_PATH, ...EnvironmentVariables, XPC_SERVICE_NAME: Label };
    const outputs = this.#openOutputs();
    if (!outputs || !existsSync(WorkingDirectory) || !isProgram(ProgramArguments[0])) return undefined;
    const argv = ['-c', `umask ${umaskOf(this.definition)}; exec "$@"`, 'launchd', ...ProgramArguments];
    const stdio = ['ignore', ...outputs] as const;
    try {
      return spawn('/bin/sh', argv, {
        ...this.#account,
        env,
        cwd: WorkingDirectory,
        detached: true,
        stdio: [...stdio],
      });
    } finally {
      for (const output of outputs) closeSync(output);
    }
  }

  /** Opened as the job's user, and made where they are missing. */
  #openOutputs(): [number, number] | undefined {
    const { StandardOutPath, StandardErrorPath } = this.definition;
    process.setegid?.(this.#account.gid);
    process.seteuid?.(this.#account.uid);
    try {
      return [openSync(StandardOutPath, 'a', 0o644), openSync(StandardErrorPath, 'a', 0o644)];
    } catch {
      return undefined;
    } finally {
      process.seteuid?.(0);
      process.setegid?.(0);
    }
  }
}

function isProgram(path = ''): boolean {
  try {
    accessSync(path, constants.X_OK);
    return path.startsWith('/');
  } catch {
    return false;
  }
}

/** A negative pid is a process group. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Nobody is left.
  }
}
