import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { parse } from 'plist';
import { readDaemonState } from '../src/adapters/daemon-state.ts';
import { homeOf } from '../src/config.ts';
import type { Home } from '../src/home.ts';
import type { Question } from './inside.ts';
import { childOf, hasProc } from './processes.ts';
import { Signer } from './tasks.ts';

const SOURCE = join(import.meta.dirname, '../src');
const PLIST = join(SOURCE, '../launchd/com.savorg.ops.plist');
const INSIDE = join(import.meta.dirname, 'inside.ts');
const POLICY = 'allow:\n  - { actions: [infra.command], environments: [staging], hosts: [mini-1], binaries: [/] }\n';
const LOOK_MS = 2;

/** Those that an installed daemon has. */
const NODE_FLAGS = (parse(readFileSync(PLIST, 'utf8')) as { ProgramArguments: string[] }).ProgramArguments.filter(
  (it) => it.startsWith('--max'),
);

/** A home with a daemon and its embedded Redis. */
export class BenchHome implements AsyncDisposable {
  readonly home: Home;
  readonly signer: Signer;
  readonly #flags: readonly string[];
  #daemon: ChildProcess | null = null;

  /** A home whose daemon takes tasks. */
  static async start(flags: readonly string[] = []): Promise<BenchHome> {
    const home = await BenchHome.make(flags);
    await home.startDaemon();
    return home;
  }

  /** With a daemon that can be asked. */
  static startAskable = (): Promise<BenchHome> => BenchHome.start(['--import', INSIDE]);

  /** `flags` are more of Node's for the daemon. */
  static async make(flags: readonly string[] = []): Promise<BenchHome> {
    const root = mkdtempSync(join(tmpdir(), 'ops-bench-'));
    await execa(process.execPath, [join(SOURCE, 'cli/main.ts'), '--home', root, 'keys', 'init', '--host', 'mini-1']);
    const home = homeOf(root);
    writeFileSync(home.etc.policy, POLICY);
    return new BenchHome(home, flags);
  }

  private constructor(home: Home, flags: readonly string[]) {
    this.home = home;
    this.signer = new Signer(home);
    this.#flags = flags;
  }

  /** Returns after how many milliseconds it took tasks. */
  async startDaemon(): Promise<number> {
    const began = performance.now();
    const argv = [...NODE_FLAGS, ...this.#flags, join(SOURCE, 'main.ts'), '--home', this.home.root];
    this.#daemon = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    while (readDaemonState(this.home.var.daemon)?.state !== 'ready') await pause(LOOK_MS);
    return performance.now() - began;
  }

  async stopDaemon(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon?.exitCode !== null) return;
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
  }

  get url(): string {
    return readFileSync(join(this.home.var.redis, 'url'), 'utf8').trim();
  }

  /** Null where there is no /proc. */
  get pids(): { daemon: number; runner: number } | null {
    const daemon = this.#daemon?.pid ?? 0;
    return hasProc ? { daemon, runner: childOf(daemon, 'runner/main') } : null;
  }

  /** Of a daemon that was started with `inside.ts`. */
  async ask(question: Question, argument = 0): Promise<number> {
    const answered = once(this.#daemon as ChildProcess, 'message');
    this.#daemon?.send({ question, argument });
    const [answer] = await answered;
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopDaemon();
    rmSync(this.home.root, { recursive: true });
  }
}
