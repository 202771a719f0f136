import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Job, Queue, Worker } from 'bullmq';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { sendControl } from '../../src/adapters/control-stream.ts';
import { type DaemonState, readDaemonState } from '../../src/adapters/daemon-state.ts';
import { readRoleKey } from '../../src/adapters/etc-files.ts';
import { homeOf } from '../../src/config.ts';
import { attest } from '../../src/contract/attestation.ts';
import { signControl, type Verb } from '../../src/contract/control.ts';
import { KeyRing, type Report, type Task, taskDigest, verifyReport } from '../../src/contract/index.ts';
import type { RoleKey } from '../../src/contract/keyring.ts';
import type { Role } from '../../src/contract/names.ts';
import type { ActionsTask } from '../../src/contract/task.ts';
import type { Home } from '../../src/home.ts';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '../..');
const PREFIX = '{savorg}';
const CLI = join(ROOT, 'src/cli/main.ts');
const MAIN = join(ROOT, 'src/main.ts');
/** As an installed daemon is started, and its memory can be looked at. */
const INSTALLED = ['--max-semi-space-size=2', '--expose-gc'];
const MORTAL = join(ROOT, 'test/fuzz/daemon.ts');

const ACTIONS = ['config.file', 'infra.command', 'infra.script', 'monitoring.probe'];
const CRON_ACTIONS = ['define', 'pause', 'resume', 'remove', 'run-now'].map((verb) => `cron.${verb}`);

const policy = (host: string) => `allow:
  - actions: [${[...ACTIONS, ...CRON_ACTIONS].join(', ')}]
    environments: [staging]
    hosts: [${host}]
    paths: [/]
    binaries: [/]
    network: true
`;

interface Options {
  /** False leaves the results queue to another Manager: a queue has one reader. */
  readResults?: boolean;
  /** With a daemon that dies where `condemn` says. */
  mortal?: boolean;
  /** Where several hosts share a Redis: the name of this one. */
  host?: string;
}

type Action = { action: string; with: Record<string, unknown>; irreversible?: boolean | undefined };

/** A home of its own in a temporary directory, with a real daemon and a real Redis, and a Manager that reads the results. */
export class TestHome implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'ops-home-'));
  readonly home: Home = homeOf(this.root);
  readonly host: string;
  /** Every report that reached the results queue, in its order; the host's signature was checked. */
  readonly reports: Report[] = [];
  readonly #stack = new AsyncDisposableStack();
  readonly #queues = new Map<string, Queue>();
  readonly #env: Record<string, string>;
  readonly #options: Options;
  #daemon: ReturnType<typeof spawnDaemon> | undefined;
  #redis: Redis | undefined;

  static async make(env: Record<string, string> = {}, options: Options = {}): Promise<TestHome> {
    const test = new TestHome(env, options);
    await test.ops('keys', 'init', '--host', test.host);
    writeFileSync(test.home.etc.policy, policy(test.host));
    if (options.host) appendFileSync(test.home.etc.ops, 'sole_host: false\n');
    return test;
  }

  private constructor(env: Record<string, string>, options: Options) {
    this.#env = env;
    this.#options = options;
    this.host = options.host ?? 'mini-1';
  }

  path(name: string): string {
    return join(this.root, name);
  }

  /** A folder for the commands of a task, as one of its resources. */
  folder(name: string): string {
    mkdirSync(this.path(name), { recursive: true });
    return this.path(name);
  }

  /** The daemon's pid. */
  get pid(): number {
    return this.#daemon?.pid ?? Number.NaN;
  }

  /** What the daemon says of itself; null where none runs. */
  get state(): DaemonState | null {
    return readDaemonState(this.home.var.daemon);
  }

  async start(): Promise<void> {
    const { nodeChildProcess } = this.launch();
    await this.ready(() => nodeChildProcess.exitCode ?? (this.isReady ? null : 'not yet'));
  }

  /** Whether the daemon that was started last takes tasks: of one that was killed its word may still stand. */
  get isReady(): boolean {
    return this.state?.state === 'ready' && this.state.pid === this.pid;
  }

  /** Starts a daemon that may never be ready. */
  launch(): ReturnType<typeof spawnDaemon> {
    this.#daemon = spawnDaemon(
      this.#options.mortal ? [...INSTALLED, MORTAL, this.root] : [MAIN, '--home', this.root],
      this.#env,
    );
    return this.#daemon;
  }

  /** Waits until a daemon takes tasks, whoever started it; `failed` returns something else than null where it never will. */
  async ready(failed: () => unknown = () => null): Promise<void> {
    const seen = () => failed() ?? this.state?.state;
    await until('a daemon that takes tasks', () => seen() === 'ready', { interval: 20, instead: seen });
    this.#redis ??= this.#openRedis();
  }

  /** Resolves when the daemon has ended, whoever ended it, with its exit code. */
  async died(): Promise<number | undefined> {
    return (await this.#daemon)?.exitCode;
  }

  /** As if the time had passed after which a dead daemon's jobs come back: the next daemon to start finds them. */
  async passStall(): Promise<void> {
    const { redis } = this;
    const tasks = `${PREFIX}:ops-${this.host}`;
    const ids = await redis.lrange(`${tasks}:active`, 0, -1);
    if (ids.length > 0) await redis.sadd(`${tasks}:stalled`, ...ids);
    await redis.del(`${tasks}:stalled-check`, ...ids.map((id) => `${tasks}:${id}:lock`));
  }

  /** Ends the daemon as a crash or a power button would. */
  async kill(): Promise<void> {
    this.#daemon?.kill('SIGKILL');
    await this.#daemon;
  }

  /** Stops the daemon in order; its exit code. */
  stop(): Promise<number | undefined> {
    return this.end('SIGTERM');
  }

  /** Waits until the daemon ends by itself; its exit code. */
  async exit(): Promise<number | undefined> {
    const exitCode = (await this.#daemon)?.exitCode;
    this.#daemon = undefined;
    return exitCode;
  }

  /** Sends the daemon a signal that ends it in order; its exit code. */
  async end(signal: NodeJS.Signals): Promise<number | undefined> {
    this.#daemon?.kill(signal);
    return this.exit();
  }

  get redis(): Redis {
    if (!this.#redis) throw new Error('the daemon has not started yet');
    return this.#redis;
  }

  get url(): string {
    return this.#env['REDIS_URL'] ?? readFileSync(join(this.home.var.redis, 'url'), 'utf8').trim();
  }

  ops(...args: string[]) {
    return execa(process.execPath, [CLI, '--home', this.root, ...args], {
      reject: false,
      env: this.#env,
      stdin: 'ignore',
    });
  }

  key(role: Role): RoleKey {
    if (role === 'operator') return readRoleKey(this.home.etc.operatorKey);
    return readRoleKey(role === 'host' ? this.home.var.hostKey : join(this.home.keys, `${role}.jwk`));
  }

  /** A task of these actions that stands for an hour. */
  task(taskId: string, actions: Action[], more: Partial<Extract<Task, { actions: unknown }>> = {}): Task {
    const expires_at = `${new Date(Date.now() + 3600_000).toISOString().slice(0, 19)}Z`;
    const heading = {
      operation_type: 'infra',
      environment: 'staging',
      host: this.host,
      reason: 'a test',
      plan_id: 'plan-1',
    } as const;
    return { task_id: taskId, ...heading, expires_at, actions: actions.map(wide), on_failure: 'undo', ...more };
  }

  /** A task that takes this one back. */
  undo(taskId: string, work: Task): Task {
    const { actions: _, on_failure: __, plan_id: ___, ...heading } = this.task(taskId, []) as ActionsTask;
    return { ...heading, undo: { task_id: work.task_id, digest: taskDigest(work) } };
  }

  sign(task: Task, role: Role): Promise<string> {
    return attest(this.key(role), { covers: { task }, issuedAt: new Date(), validForMs: 3600_000 });
  }

  /** Enqueues a task, signed by these roles. */
  async submit(task: Task, roles: Role[] = ['manager', 'plan-review', 'security'], jobId = task.task_id): Promise<Job> {
    const attestations = await Promise.all(roles.map((role) => this.sign(task, role)));
    const queue = this.queue(`ops-${this.host}`);
    return queue.add(task.operation_type, { task, attestations }, { jobId });
  }

  queue(name: string): Queue {
    const known = this.#queues.get(name);
    if (known) return known;
    const queue = new Queue(name, { connection: this.redis, prefix: PREFIX });
    queue.on('error', () => undefined);
    this.#queues.set(name, queue);
    return this.#stack.adopt(queue, (opened) => opened.close());
  }

  async control(verb: Verb, role: Role, target: string): Promise<void> {
    await this.addControl(await this.statement(verb, role, target));
  }

  /** A control statement that stands for an hour, as a token that can be sent again as it is. */
  statement(verb: Verb, role: Role, target: string): Promise<string> {
    const validity = { issuedAt: new Date(), validForMs: 3600_000 };
    return signControl(this.key(role), { verb, target, reason: 'a test', ...validity, jti: crypto.randomUUID() });
  }

  addControl(token: string): Promise<void> {
    return sendControl(this.redis, `${PREFIX}:ops-control`, token);
  }

  /** The report of a task that reached the results queue last; waits for `count` of them. */
  async report(taskId: string, count = 1, timeout = 15_000): Promise<Report> {
    const of = () => this.reports.filter(({ evidence }) => evidence.task_id === taskId);
    await until(`${count} reports of ${taskId}`, () => of().length >= count, { timeout });
    return of().at(-1) as Report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
    await this.stop();
    if (!('REDIS_URL' in this.#env)) await this.#endRedis();
    this.#redis?.disconnect();
    rmSync(this.root, { recursive: true, force: true });
  }

  /** A daemon that was killed leaves its Redis to the next one; there is none. */
  async #endRedis(): Promise<void> {
    const pid = Number(
      existsSync(join(this.home.var.redis, 'redis.pid')) &&
        readFileSync(join(this.home.var.redis, 'redis.pid'), 'utf8'),
    );
    if (!pid || !isAlive(pid)) return;
    process.kill(pid, 'SIGTERM');
    await until('the end of Redis', () => !isAlive(pid), { timeout: 5_000, interval: 20 });
  }

  #openRedis(): Redis {
    if (this.#options.readResults ?? true) this.#readTheResults();
    return this.#connect();
  }

  #connect(): Redis {
    const redis = new Redis(this.url, { maxRetriesPerRequest: null });
    redis.on('error', () => undefined);
    return redis;
  }

  #readTheResults(): void {
    const ring = KeyRing.parse(JSON.parse(readFileSync(this.home.etc.keyring, 'utf8')));
    const read = async ({ data }: Job) => void this.reports.push(await verifyReport(data, ring));
    const connection = this.#connect();
    const worker = new Worker('ops-results', read, { connection, prefix: PREFIX });
    worker.on('error', () => undefined);
    this.#stack.defer(async () => {
      await worker.close(true);
      connection.disconnect();
    });
  }
}

/** A command that says nothing else may write wherever its sandbox lets anybody. */
function wide(action: Action): Action {
  const isCommand = ['infra.command', 'infra.script'].includes(action.action);
  return isCommand ? { ...action, with: { resources: ['host'], ...action.with } } : action;
}

function spawnDaemon(argv: string[], env: Record<string, string>) {
  return execa(process.execPath, argv, {
    reject: false,
    env,
    stdin: 'ignore',
    forceKillAfterDelay: false,
  });
}

/**
 * The living processes of this host that are commands of a task, or came of them: in their sandbox they have other
 * numbers, and are known by what they found in their environment.
 */
export function processesOf(taskId: string): number[] {
  const mark = `OPS_TASK_ID=${taskId}`;
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => environmentOf(pid).includes(mark) && isAlive(pid));
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Bytes; `VmHWM` is the most so far. */
export const memoryOf = (pid: number, field: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
