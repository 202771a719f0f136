import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Job, Queue, Worker } from 'bullmq';
import { attest } from '../../src/contract/attestation.ts';
import {
  KeyRing,
  queueNames,
  type Report,
  type Submission,
  type Task,
  verifyReport,
} from '../../src/contract/index.ts';
import { ringEntry } from '../../src/contract/keyring.ts';
import type { Home } from '../../src/home.ts';
import { addToRing, ensureKey } from '../../src/install/keys.ts';

const ROLES = ['manager', 'plan-review', 'security'] as const;
type SigningRole = (typeof ROLES)[number];
const POLL_MS = 50;

const policyFor = (host: string): string => `allow:
  - actions: [infra.command]
    environments: [staging]
    hosts: [${host}]
    paths: [/]
    binaries: [/]
`;

/** Manager, PlanReview and Security of an installed host: they sign, send and read reports as programs elsewhere would. */
export class Manager implements AsyncDisposable {
  /** Every report that reached the results queue; the host's signature was checked. */
  readonly reports: Report[] = [];
  readonly #home: Home;
  readonly #host: string;
  readonly #keys: string;
  readonly #worker: Worker;

  /** `keys` is where their private keys lie: never on the host itself, but in a test. */
  constructor(home: Home, host: string, keys: string) {
    this.#home = home;
    this.#host = host;
    this.#keys = keys;
    const connection = { url: this.url, maxRetriesPerRequest: null };
    const { results, prefix } = queueNames();
    const read = async ({ data }: Job) => void this.reports.push(await verifyReport(data, this.#ring()));
    this.#worker = new Worker(results, read, { connection, prefix });
    this.#worker.on('error', () => undefined);
  }

  get url(): string {
    return readFileSync(this.#home.etc.redisUrl, 'utf8').trim();
  }

  /** What only people may do: the public keys of the roles, and a policy that allows commands. */
  async beTrusted(): Promise<void> {
    const keys = await Promise.all(ROLES.map((role) => this.#key(role)));
    addToRing(this.#home.etc.keyring, keys.map(ringEntry));
    writeFileSync(this.#home.etc.policy, policyFor(this.#host));
  }

  /** Sends a task of one command, signed by all three. */
  async submit(taskId: string, argv: string[]): Promise<void> {
    await this.send(await this.signed(taskOf(taskId, this.#host, argv)));
  }

  /** By these roles. */
  async signed(task: Task, roles: readonly SigningRole[] = ROLES): Promise<Submission> {
    const covers = { covers: { task }, issuedAt: new Date(), validForMs: 3600_000 };
    return { task, attestations: await Promise.all(roles.map(async (role) => attest(await this.#key(role), covers))) };
  }

  async send(submission: Submission): Promise<void> {
    const { operation_type, task_id } = submission.task;
    const { prefix, hostTasks } = queueNames();
    const queue = new Queue(hostTasks(this.#host), { connection: { url: this.url }, prefix });
    queue.on('error', () => undefined);
    await queue.add(operation_type, submission, { jobId: task_id });
    await queue.close();
  }

  async report(taskId: string, timeoutMs = 20_000): Promise<Report> {
    const find = () => this.reports.find(({ evidence }) => evidence.task_id === taskId);
    return until(`a report of ${taskId}`, find, timeoutMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#worker.close(true);
  }

  #ring(): KeyRing {
    return KeyRing.parse(JSON.parse(readFileSync(this.#home.etc.keyring, 'utf8')));
  }

  #key(role: SigningRole) {
    return ensureKey(join(this.#keys, `${role}.jwk`), role, `savorg-${role}`);
  }
}

/** What `look` finds, as soon as it is something. @throws Error that names what did not come. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  timeoutMs: number,
): Promise<NonNullable<Exclude<T, false>>> {
  const patience = AbortSignal.timeout(timeoutMs);
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found as NonNullable<Exclude<T, false>>;
    if (patience.aborted) throw new Error(`${what} did not come in ${timeoutMs / 1000} s`);
    await pause(POLL_MS);
  }
}

function taskOf(taskId: string, host: string, argv: string[]): Task {
  return {
    task_id: taskId,
    operation_type: 'infra',
    environment: 'staging',
    host,
    reason: 'a test of the installation',
    plan_id: 'plan-1',
    expires_at: `${new Date(Date.now() + 3600_000).toISOString().slice(0, 19)}Z`,
    actions: [{ action: 'infra.command', with: { argv, undo: ['true'], resources: ['host'] } }],
    on_failure: 'undo',
  };
}
