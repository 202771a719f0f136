import { hash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { onTestFinished } from 'vitest';
import { registry } from '../../jobs/index.ts';
import { directories } from '../../src/adapters/directories.ts';
import { openLedger } from '../../src/adapters/ledger/index.ts';
import { links } from '../../src/adapters/links.ts';
import { proberWith } from '../../src/adapters/prober.ts';
import { verifierBy } from '../../src/adapters/verify.ts';
import type { Policy } from '../../src/admission/policy.ts';
import { attest } from '../../src/contract/attestation.ts';
import { signControl, type Verb } from '../../src/contract/control.ts';
import { taskDigest } from '../../src/contract/digest.ts';
import { type KeyRing, keyId, RoleKey, ringEntry } from '../../src/contract/keyring.ts';
import { type Role, utcTime } from '../../src/contract/names.ts';
import type { ActionRequest, ActionsTask, Task, UndoTask } from '../../src/contract/task.ts';
import { OpsError } from '../../src/errors.ts';
import type { BoundAction } from '../../src/planning/action.ts';
import type { AppsFile } from '../../src/planning/app.ts';
import type { FileFact } from '../../src/planning/facts.ts';
import { bindActions } from '../../src/planning/registry.ts';
import { Redactor } from '../../src/secret.ts';
import { Admissions } from '../../src/services/admissions.ts';
import { Alerter } from '../../src/services/alerter.ts';
import type { CommandExit, CommandRequest, Commands, Leftover } from '../../src/services/commands.ts';
import { Control, type ControlStream } from '../../src/services/control.ts';
import { type End, Executor } from '../../src/services/executor.ts';
import { passBy } from '../../src/services/failpoint.ts';
import type { Files, Snapshots, Upgrades } from '../../src/services/host.ts';
import type { Ledger, TaskRecord } from '../../src/services/ledger.ts';
import { Locks } from '../../src/services/locks.ts';
import { Performer } from '../../src/services/performer.ts';
import type { Clock, FactReader, Verifier } from '../../src/services/ports.ts';
import { Reconciler } from '../../src/services/reconciler.ts';
import { Reporter } from '../../src/services/reporter.ts';
import { Running } from '../../src/services/running.ts';
import { scheduleFacts } from '../../src/services/schedule-facts.ts';
import { type SecretSource, type SecretSources, secretsFrom } from '../../src/services/secrets.ts';
import type { SlotEnds } from '../../src/services/slot-ends.ts';
import type { SourceTree } from '../../src/services/source-trees.ts';
import { SourceWatch } from '../../src/services/source-watch.ts';
import { type ControlListener, Statements, type StreamEntry } from '../../src/services/statements.ts';
import type { StepKinds } from '../../src/services/step-kind.ts';
import { type Run, StepRunner } from '../../src/services/step-runner.ts';
import { stepKinds } from '../../src/steps/index.ts';
import { MemoryEngine } from '../support/memory-engine.ts';
import { memoryStores } from '../support/stores.ts';
import { TestSupervisor } from '../support/supervisor.ts';
import { MemoryTrees } from '../support/trees.ts';
import { testSchedules } from './schedule-support.ts';

export const START = Date.parse('2026-11-23T09:00:00Z');
export const HOUR = 3600_000;

/** Stands still until it is told to go on. */
export class TestClock implements Clock {
  #now: number;
  #sleepers: { until: number; wake: () => void }[] = [];

  constructor(now = START) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  /** How many wait. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
    this.#sleepers.push({ until: this.#now + ms, wake: resolve });
    return promise;
  }

  /** Moves the time only: who waits is woken by the next `wake`. */
  pass(ms: number): void {
    this.#now += ms;
  }

  wake(): void {
    const due = this.#sleepers.filter(({ until }) => until <= this.#now);
    this.#sleepers = this.#sleepers.filter(({ until }) => until > this.#now);
    for (const { wake } of due) wake();
  }

  advance(ms: number): void {
    this.pass(ms);
    this.wake();
  }
}

export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ops-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function testLedger(clock: Clock = new TestClock(), path = join(temporaryFolder(), 'ledger.db')): Ledger {
  const ledger = openLedger(path, clock);
  onTestFinished(() => ledger.close());
  return ledger;
}

export async function roleKey(role: Role, principal = `savorg-${role}`): Promise<RoleKey> {
  const { privateKey } = await generateKeyPair('Ed25519', { extractable: true });
  const { kty, crv, x, d } = await exportJWK(privateKey);
  const publicJwk = { kty: 'OKP' as const, crv: 'Ed25519' as const, x: x ?? '' };
  return RoleKey.parse({ kty, crv, x, d, kid: await keyId(publicJwk), role, principal });
}

const ROLES: readonly Role[] = ['manager', 'plan-review', 'security', 'operator', 'host'];
export type Keys = Record<Role, RoleKey>;
let made: Promise<Keys> | undefined;

/** One key a role, the same in all tests of a file. */
export function testKeys(): Promise<Keys> {
  made ??= Promise.all(
    ROLES.map(async (role) => [role, await roleKey(role, role === 'host' ? HOST.name : undefined)] as const),
  ).then((pairs) => Object.fromEntries(pairs) as Keys);
  return made;
}

export async function testRing(...more: RoleKey[]): Promise<KeyRing> {
  return { version: 1, keys: [...Object.values(await testKeys()), ...more].map(ringEntry) };
}

export const writeFile = (path: string, content: string, more: Record<string, unknown> = {}): ActionRequest => ({
  action: 'config.file',
  with: { path, content, ...more },
});

/** Two commands over the same machine: each names what it touches. */
export const runCommand = (argv: string[], more: Record<string, unknown> = {}): ActionRequest => ({
  action: 'infra.command',
  with: { argv, resources: [`program:${argv.join('-')}`], ...(argv[0] && { undo: ['undo', ...argv] }), ...more },
});

export const irreversible = (argv: string[]): ActionRequest => ({
  action: 'infra.command',
  with: { argv, resources: [`program:${argv.join('-')}`] },
  irreversible: true,
});

export function actionsTask(more: Partial<ActionsTask> = {}): ActionsTask {
  return {
    task_id: 'task-1',
    operation_type: 'config',
    environment: 'staging',
    host: 'mini-1',
    reason: 'a test',
    plan_id: 'plan-1',
    actions: [writeFile('/etc/a', 'new')],
    on_failure: 'undo',
    expires_at: utcTime(START + 12 * HOUR),
    ...more,
  };
}

export function undoTask(of: Task, more: Partial<UndoTask> & { action?: number } = {}): UndoTask {
  const { action, ...heading } = more;
  return {
    task_id: `undo-${of.task_id}`,
    operation_type: of.operation_type,
    environment: of.environment,
    host: of.host,
    reason: 'take it back',
    expires_at: utcTime(START + 12 * HOUR),
    undo: { task_id: of.task_id, digest: taskDigest(of), ...(action && { action }) },
    ...heading,
  };
}

export async function sign(role: Role, task: Task, issuedAt = START, validForMs = 24 * HOUR): Promise<string> {
  const keys = await testKeys();
  return attest(keys[role], { covers: { task }, issuedAt: new Date(issuedAt), validForMs });
}

/** The tokens that a task of its form needs. */
export async function allTokens(task: Task): Promise<string[]> {
  const roles: Role[] = 'undo' in task ? ['manager'] : ['manager', 'plan-review', 'security'];
  return Promise.all(roles.map((role) => sign(role, task)));
}

export async function withdrawal(
  verb: Verb,
  target: string,
  more: { role?: Role; issuedAt?: number; validForMs?: number; reason?: string } = {},
): Promise<string> {
  const keys = await testKeys();
  return signControl(keys[more.role ?? 'security'], {
    verb,
    target,
    reason: more.reason ?? 'not today',
    issuedAt: new Date(more.issuedAt ?? START),
    validForMs: more.validForMs ?? HOUR,
    jti: randomUUID(),
  });
}

/** As in a checkout. */
const NOT_INSTALLED: Upgrades = {
  installed: async () => null,
  look: async () => null,
  begin: async () => Promise.reject(new OpsError('nothing is installed')),
};

interface MemoryFile {
  content: string;
  mode: string;
  uid: number;
  gid: number;
}

/** A machine in memory: files, snapshots, and commands that do what the test says. */
class Machine implements Files, Snapshots, Commands, FactReader {
  readonly present = new Map<string, MemoryFile>();
  readonly #kept = new Map<string, Buffer>();
  /** What `secret:file/…` names. */
  readonly secrets = new Map<string, string>();
  /** The argv of each command that was run, in order. */
  readonly ran: string[] = [];
  /** The path of each file that was written or removed, in order. */
  readonly touched: string[] = [];
  readonly #programs = new Map<string, (signal: AbortSignal) => Promise<Partial<CommandExit>>>();
  /** Called before each write and removal. */
  beforeWrite: (path: string) => Promise<void> = async () => undefined;

  readonly secret: SecretSource = async (name) => {
    const value = this.secrets.get(name);
    if (value === undefined) throw new OpsError(`${name} is missing`);
    return value;
  };

  put(path: string, content: string): void {
    this.present.set(path, { content, mode: '0644', uid: 0, gid: 0 });
  }

  contentOf(path: string): string | undefined {
    return this.present.get(path)?.content;
  }

  /** What happens when `argv` (joined by spaces) is run; otherwise it exits with 0. */
  when(argv: string, exit: Partial<CommandExit> | ((signal: AbortSignal) => Promise<Partial<CommandExit>>)): void {
    this.#programs.set(argv, typeof exit === 'function' ? exit : async () => exit);
  }

  async fact(path: string): Promise<FileFact> {
    const file = this.present.get(path);
    if (!file) return { exists: false };
    const { content, mode, uid, gid } = file;
    return { exists: true, sha256: hash('sha256', content), mode, uid, gid };
  }

  async read(path: string): Promise<Buffer> {
    return Buffer.from(this.contentOf(path) ?? '');
  }

  async write(
    path: string,
    content: string | Uint8Array,
    mode: string,
    { uid, gid }: { uid: number; gid: number },
  ): Promise<void> {
    await this.beforeWrite(path);
    this.touched.push(path);
    this.present.set(path, { content: Buffer.from(content).toString(), mode, uid, gid });
  }

  async remove(path: string): Promise<void> {
    await this.beforeWrite(path);
    this.touched.push(path);
    this.present.delete(path);
  }

  async exists(path: string): Promise<boolean> {
    return this.present.has(path);
  }

  async keep(content: Uint8Array): Promise<string> {
    const sha256 = hash('sha256', content);
    this.#kept.set(sha256, Buffer.from(content));
    return sha256;
  }

  async get(sha256: string): Promise<Buffer> {
    const content = this.#kept.get(sha256);
    if (!content) throw new Error(`no snapshot ${sha256}`);
    return content;
  }

  async run({ argv }: CommandRequest, signal: AbortSignal): Promise<CommandExit> {
    const line = argv.join(' ');
    this.ran.push(line);
    const exit = (await this.#programs.get(line)?.(signal)) ?? {};
    return { ended: 'exit', exitCode: 0, signal: null, message: '', durationMs: 1, leftRunning: [], ...exit };
  }

  async answer(query: Parameters<FactReader['answer']>[0]) {
    if (query.ask === 'sandbox') return 'bubblewrap';
    return query.ask === 'file' ? this.fact(query.path) : null;
  }
}

/** A command that runs until it is aborted. */
export function untilAborted(started: () => void = () => undefined) {
  return async (signal: AbortSignal): Promise<Partial<CommandExit>> => {
    started();
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    return { ended: 'aborted', exitCode: null, signal: 'SIGTERM' };
  };
}

/** The control stream in memory. */
export class MemoryStream implements ControlStream {
  readonly entries: StreamEntry[] = [];
  readonly asked: string[] = [];

  add(fields: Record<string, string>): string {
    const id = `${this.entries.length + 1}-0`;
    this.entries.push({ id, fields });
    return id;
  }

  send(token: string): string {
    return this.add({ token });
  }

  async after(cursor: string): Promise<StreamEntry[] | null> {
    this.asked.push(cursor);
    const read = Number.parseInt(cursor, 10);
    return read > this.entries.length ? null : this.entries.slice(read).slice(0, 100);
  }

  async append(tokens: readonly string[], last: string): Promise<boolean> {
    if (Number.parseInt(last, 10) !== this.entries.length) return false;
    for (const token of tokens) this.send(token);
    return true;
  }
}

export const POLICY: Policy = {
  allow: [
    {
      actions: Object.keys(registry),
      environments: ['staging', 'production', 'host'],
      hosts: ['mini-1'],
      paths: ['/'],
      binaries: ['/'],
      secrets: ['file/db'],
      network: true,
    },
  ],
};

const DIGEST = `sha256:${'0'.repeat(64)}`;
export const HOST = {
  name: 'mini-1',
  version: '0.0.0',
  dev: false,
  undoCommand: '/opt/ops undo',
  digests: () => ({ policy: DIGEST, keyring: DIGEST }),
};

export interface LineOptions {
  clock?: TestClock;
  ledger?: Ledger;
  machine?: Machine;
  stream?: MemoryStream;
  kinds?: (kinds: StepKinds) => StepKinds;
  verifier?: (verifier: Verifier) => Verifier;
  policy?: Policy;
  apps?: () => AppsFile;
  listener?: Partial<ControlListener>;
  leftovers?: Leftover[];
  sources?: () => SourceTree[];
}

/** What writes into the outbox. */
export function tellers(
  ledger: Ledger,
  clock: Clock,
  host = HOST,
  onAppend = () => undefined as void,
  slotsBy: (alerter: Alerter) => Pick<SlotEnds, 'ended' | 'refused'> = () => ({
    ended: () => undefined,
    refused: () => undefined,
  }),
) {
  const alerter = new Alerter({ ledger, clock, host, onAppend });
  const slots = slotsBy(alerter);
  return { alerter, reporter: new Reporter({ ledger, clock, host, alerter, slots, onAppend, reached: passBy }) };
}

export type TestLine = Awaited<ReturnType<typeof testLine>>;

/** The whole line over a real ledger, a machine in memory and real signatures. Called again with the same parts it is the daemon after a restart. */
export async function testLine(options: LineOptions = {}) {
  const clock = options.clock ?? new TestClock();
  const ledger = options.ledger ?? testLedger(clock);
  const machine = options.machine ?? new Machine();
  const stream = options.stream ?? new MemoryStream();
  const self = { uid: 0, gid: 0 };
  const prober = proberWith({ commands: machine, files: machine, baseEnv: {} });
  const ring = await testRing();
  const byRing = verifierBy(() => ring, clock);
  const verifier = options.verifier?.(byRing) ?? byRing;
  const logged: string[] = [];
  const running = new Running(
    () => ({
      write: async (chunk) => void logged.push(Buffer.from(chunk).toString()),
      lastLines: async () => '',
      close: async () => undefined,
    }),
    clock,
  );
  let appended = 0;
  const onAppend = () => {
    appended += 1;
  };
  const alerter = new Alerter({ ledger, clock, host: HOST, onAppend });
  const schedules = testSchedules({
    ledger,
    clock,
    alerter,
    host: HOST.name,
    verifier,
    running,
    hostKey: (await testKeys()).host,
  });
  const { ends: slots, rows } = schedules;
  const reporter = new Reporter({ ledger, clock, host: HOST, alerter, slots, onAppend, reached: passBy });
  const redactor = new Redactor();
  const secrets = secretsFrom({ ledger, redactor, sources: sourcesOf(machine.secret) });
  const { all: supervisors } = new TestSupervisor();
  const ports = {
    commands: machine,
    files: machine,
    snapshots: machine,
    baseEnv: {},
    protect: [],
    self,
    prober,
    clock,
  };
  const real = stepKinds({
    ...ports,
    secrets,
    supervisors,
    directories,
    links,
    containers: new MemoryEngine(),
    schedules: rows,
    releases: ledger,
    trees: new MemoryTrees(),
    upgrades: NOT_INSTALLED,
    stores: memoryStores(),
  });
  const kinds = options.kinds?.(real) ?? real;
  const flood = alerter.flood('control-flood', (count) => `${count} more`);
  const statements = new Statements({ ledger, verifier, alerter, flood });
  const control = new Control(stream, ledger, statements, {
    attested: (target) => options.listener?.attested?.(target),
    withdrawn: (it) => {
      running.withdraw(it);
      options.listener?.withdrawn?.(it);
    },
    resumed: (target) => options.listener?.resumed?.(target),
    acknowledged: () => options.listener?.acknowledged?.(),
  });
  const { policy = POLICY, apps = () => ({ apps: {} }) } = options;
  const host = { name: 'mini-1', sole: true };
  const admitting = { registry, host, policy: () => policy, apps, ledger, clock, verifier, control, redactor };
  const admissions = new Admissions(admitting);
  const locks = new Locks();
  const steps = new StepRunner({ ledger, kinds, clock, awake: async () => undefined, reached: passBy });
  const sources = new SourceWatch(ledger, { look: async () => options.sources?.() ?? [] });
  const performer = new Performer({
    ledger,
    steps,
    facts: factsOf(machine, ledger, clock),
    reporter,
    sources,
    undoCommand: HOST.undoCommand,
    reached: passBy,
  });
  const shared = { registry, ledger, admissions, locks, running, performer, reached: passBy };
  const executor = new Executor({ ...shared, reporter, slots, onFault: thrown });
  const leftovers = options.leftovers ?? [];
  const reconciler = new Reconciler({ ...shared, kinds, steps, leftovers, onProblem: () => undefined });
  const parts = { clock, ledger, machine, stream };
  return {
    ...parts,
    parts,
    kinds,
    running,
    control,
    admissions,
    locks,
    alerter,
    reporter,
    steps,
    performer,
    executor,
    reconciler,
    schedules,
    redactor,
    logged,
    appended: () => appended,
  };
}

/** One in the place of all. */
export const sourcesOf = (one: SecretSource): SecretSources => ({
  file: one,
  age: one,
  env: one,
  keychain: one,
  op: one,
});

export function deliver(
  line: TestLine,
  task: Task,
  attestations: readonly string[],
  jobId = task.task_id,
): Promise<End> {
  return line.executor.execute(
    {
      queue: 'ops',
      jobId,
      name: task.operation_type,
      data: structuredClone({ task, attestations }),
      scheduled: false,
      deliveries: 0,
    },
    async () => undefined,
  );
}

export const submit = async (line: TestLine, task: Task): Promise<End> => deliver(line, task, await allTokens(task));

export function boundActions(task: ActionsTask): BoundAction[] {
  const bound = bindActions(registry, task.actions);
  if (typeof bound === 'string') throw new Error(bound);
  return bound;
}

/** Of files and owners the machine tells, of schedules the ledger. */
function factsOf(machine: Machine, ledger: Ledger, clock: Clock): FactReader {
  const schedules = scheduleFacts(ledger, clock);
  return {
    answer: async (query) => {
      if (query.ask === 'schedule') return schedules.fact(query.name);
      return query.ask === 'schedules' ? schedules.all() : machine.answer(query);
    },
  };
}

/** Claims a task as the line would, without running it. */
export async function claimed(ledger: Ledger, task: Task, tokens: readonly string[] = []): Promise<TaskRecord> {
  const digest = taskDigest(task);
  await ledger.commit(() => ledger.claim({ task, digest, tokens, attestedBy: [], claimedAt: START }));
  const record = ledger.task(task.task_id);
  if (!record) throw new Error('not claimed');
  return record;
}

export function runOf(taskId: string, more: Partial<Run> = {}): Run {
  return {
    task_id: taskId,
    targets: [`task:${taskId}`],
    signal: new AbortController().signal,
    output: async () => undefined,
    leftRunning: [],
    ...more,
  };
}

export const statesOf = (ledger: Ledger, taskId: string): string[] => ledger.steps(taskId).map(({ state }) => state);

export const reports = (ledger: Ledger, limit = 1000) =>
  ledger.messagesAfter(0, limit).filter(({ kind }) => kind === 'report');

/** Where a daemon would start again. */
function thrown(error: unknown): never {
  throw error;
}
