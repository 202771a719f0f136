import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Job, Queue, Worker } from 'bullmq';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { expect, vi } from 'vitest';
import { sendControl } from '../../src/adapters/control-stream.ts';
import { type DaemonState, readDaemonState } from '../../src/adapters/daemon-state.ts';
import { readRoleKey } from '../../src/adapters/etc-files.ts';
import { homeOf } from '../../src/config.ts';
import { attest } from '../../src/contract/attestation.ts';
import { signControl, type Verb } from '../../src/contract/control.ts';
import { KeyRing, type Report, type Task, verifyReport } from '../../src/contract/index.ts';
import type { RoleKey } from '../../src/contract/keyring.ts';
import type { Role } from '../../src/contract/names.ts';
import type { Home } from '../../src/home.ts';

const ROOT = join(import.meta.dirname, '../..');
const HOST = 'mini-1';
const PREFIX = '{savorg}';
const CLI = join(ROOT, 'src/cli/main.ts');

const POLICY = `allow:
  - actions: [config.file, infra.command, infra.script, monitoring.probe]
    environments: [staging]
    hosts: [${HOST}]
`;

type Action = { action: string; with: Record<string, unknown>; irreversible?: boolean };

/** A home of its own in a temporary directory, with a real daemon and a real Redis, and a Manager that reads the results. */
export class TestHome implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'ops-home-'));
  readonly home: Home = homeOf(this.root);
  /** Every report that reached the results queue, in its order; the host's signature was checked. */
  readonly reports: Report[] = [];
  readonly #stack = new AsyncDisposableStack();
  readonly #env: Record<string, string>;
  readonly #readResults: boolean;
  #daemon: ReturnType<typeof spawnDaemon> | undefined;
  #redis: Redis | undefined;

  /** `readResults: false` leaves the results queue to another Manager: a queue has one reader. */
  static async make(env: Record<string, string> = {}, options = { readResults: true }): Promise<TestHome> {
    const test = new TestHome(env, options.readResults);
    await test.ops('keys', 'init', '--host', HOST);
    writeFileSync(test.home.etc.policy, POLICY);
    return test;
  }

  private constructor(env: Record<string, string>, readResults: boolean) {
    this.#env = env;
    this.#readResults = readResults;
  }

  path(name: string): string {
    return join(this.root, name);
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
    await this.ready(() => nodeChildProcess.exitCode);
  }

  /** Starts a daemon that may never be ready. */
  launch(): ReturnType<typeof spawnDaemon> {
    this.#daemon = spawnDaemon(this.root, this.#env);
    return this.#daemon;
  }

  /** Waits until a daemon takes tasks, whoever started it; `failed` returns something else than null where it never will. */
  async ready(failed: () => unknown = () => null): Promise<void> {
    await vi.waitFor(() => expect(failed() ?? this.state?.state).toBe('ready'), { timeout: 15_000 });
    this.#redis ??= this.#openRedis();
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

  /** Sends the daemon a signal that ends it in order; its exit code. */
  async end(signal: NodeJS.Signals): Promise<number | undefined> {
    this.#daemon?.kill(signal);
    const exitCode = (await this.#daemon)?.exitCode;
    this.#daemon = undefined;
    return exitCode;
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
      host: HOST,
      reason: 'a test',
      plan_id: 'plan-1',
    } as const;
    return { task_id: taskId, ...heading, expires_at, actions, on_failure: 'undo', ...more };
  }

  sign(task: Task, role: Role): Promise<string> {
    return attest(this.key(role), { covers: { task }, issuedAt: new Date(), validForMs: 3600_000 });
  }

  /** Enqueues a task, signed by these roles. */
  async submit(task: Task, roles: Role[] = ['manager', 'plan-review', 'security'], jobId = task.task_id): Promise<Job> {
    const attestations = await Promise.all(roles.map((role) => this.sign(task, role)));
    const queue = this.queue(`ops-${HOST}`);
    return queue.add(task.operation_type, { task, attestations }, { jobId });
  }

  queue(name: string): Queue {
    const queue = new Queue(name, { connection: this.redis, prefix: PREFIX });
    queue.on('error', () => undefined);
    return this.#stack.adopt(queue, (opened) => opened.close());
  }

  async control(verb: Verb, role: Role, target: string): Promise<void> {
    const statement = {
      verb,
      target,
      reason: 'a test',
      issuedAt: new Date(),
      validForMs: 3600_000,
      jti: crypto.randomUUID(),
    };
    await this.addControl(await signControl(this.key(role), statement));
  }

  addControl(token: string): Promise<void> {
    return sendControl(this.redis, `${PREFIX}:ops-control`, token);
  }

  /** The report of a task that reached the results queue last; waits for `count` of them. */
  async report(taskId: string, count = 1, timeout = 15_000): Promise<Report> {
    const of = () => this.reports.filter(({ evidence }) => evidence.task_id === taskId);
    await vi.waitFor(() => expect(of().length).toBeGreaterThanOrEqual(count), { timeout, interval: 30 });
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
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000, interval: 20 });
  }

  #openRedis(): Redis {
    if (this.#readResults) this.#readTheResults();
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

function spawnDaemon(root: string, env: Record<string, string>) {
  return execa(process.execPath, [join(ROOT, 'src/main.ts'), '--home', root], {
    reject: false,
    env,
    stdin: 'ignore',
    forceKillAfterDelay: false,
  });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
