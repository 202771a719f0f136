import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { expect } from 'vitest';
import { basic } from '../dashboard/support.ts';
import { ENCODINGS } from '../encodings.ts';
import { TestHome } from './test-home.ts';

/** A place where a secret must not be, and what stands there. */
export type Sink = readonly [name: string, text: string];

/** Of so many characters in a row of an encoded secret nothing may be found. */
const PIECE = 8;
const [FIRST = '', SECOND = ''] = crypto.randomUUID().split('-');
export const CANARY = `${FIRST}/+"ü\\'&=${SECOND} ${FIRST}`;
const PIECES = new Set(Object.values(ENCODINGS).flatMap((encode) => piecesOf(encode(CANARY))));

function piecesOf(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - PIECE + 1) }, (_, n) => text.slice(n, n + PIECE));
}

const foundIn = (text: string): string | undefined => piecesOf(text).find((piece) => PIECES.has(piece));

export function expectNowhere(sinks: readonly Sink[]): void {
  expect(sinks.map(([name, text]) => [name, foundIn(text)]).filter(([, piece]) => piece !== undefined)).toEqual([]);
}

/** A home whose tasks may name `secret:file/canary`, which is not there yet. */
export async function canaryHome(...actions: string[]): Promise<TestHome> {
  const home = await TestHome.make({ OPS_DASHBOARD: '127.0.0.1:0' });
  const { policy } = home.home.etc;
  const rules = readFileSync(policy, 'utf8').replace('config.file', ['config.file', ...actions].join(', '));
  writeFileSync(policy, `${rules}    secrets: [file/canary]\n`);
  return home;
}

export function storeCanary({ home: { etc } }: TestHome): void {
  mkdirSync(etc.secrets, { recursive: true });
  writeFileSync(join(etc.secrets, 'canary'), CANARY, { mode: 0o600 });
}

/** All that tells of these tasks: what the daemon wrote, what it sent, shows and says. `more`: further words for `ops`. */
export async function sinksOf(home: TestHome, tasks: readonly string[], more: readonly string[][]): Promise<Sink[]> {
  const verbs = [['tasks', '--json'], ['alerts'], ['status'], ['logs', '--json', '--lines', '1000'], ...more];
  return [
    ...filesOf(home),
    ...(await redisOf(home)),
    ...(await pagesOf(home, tasks)),
    ...(await Promise.all(verbs.map((argv) => saidBy(home, argv)))),
    ...home.reports.map((report): Sink => ['report', textsIn(report)]),
  ];
}

/** Every file that the daemon wrote, by its path; but the key, and snapshots, which are the files that they are of. */
function filesOf({ home: { var: places } }: TestHome): Sink[] {
  expect(statSync(places.snapshots).mode & 0o777).toBe(0o700);
  const files = readdirSync(places.dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.flatMap((entry): Sink[] => {
    const path = join(entry.parentPath, entry.name);
    if (path === places.hostKey) return [];
    if (!path.startsWith(places.snapshots)) return [[path, readFileSync(path, 'utf8')]];
    expect([path, statSync(path).mode & 0o777]).toEqual([path, 0o600]);
    return [];
  });
}

const READS: Record<string, (redis: Redis, key: string) => Promise<unknown>> = {
  string: (redis, key) => redis.get(key),
  hash: (redis, key) => redis.hgetall(key),
  list: (redis, key) => redis.lrange(key, 0, -1),
  set: (redis, key) => redis.smembers(key),
  zset: (redis, key) => redis.zrange(key, '0', '-1'),
  stream: (redis, key) => redis.xrange(key, '-', '+'),
};

/** What is under each key, and as Redis keeps it: of that, what is long is compressed. */
async function redisOf({ redis }: TestHome): Promise<Sink[]> {
  const readKey = async (key: string): Promise<Sink> => {
    const [type, dump] = [await redis.type(key), await redis.dumpBuffer(key)];
    if (dump === null) return [`Redis ${key}`, key]; // BullMQ's marker, taken by a worker since it was listed
    const value = READS[type];
    if (!value) throw new Error(`${key} is a ${type}: how it is read is not known here`);
    return [`Redis ${key}`, `${key} ${textsIn(await value(redis, key))} ${dump.toString()}`];
  };
  return Promise.all((await redis.keys('*')).map(readKey));
}

/** As it stands there: JSON would put another escape on top. */
const textsIn = (value: unknown): string =>
  value !== null && typeof value === 'object'
    ? Object.entries(value)
        .map(([name, item]) => `${name} ${textsIn(item)}`)
        .join('\n')
    : String(value);

async function pagesOf(home: TestHome, tasks: readonly string[]): Promise<Sink[]> {
  const authorization = basic(readFileSync(home.home.var.dashboardPassword, 'utf8').trim());
  const jobs = tasks.map((task) => `/queues/api/queues/ops-mini-1/${task}`);
  const queues = ['ops-mini-1', 'ops-results', 'ops-alerts'].map((name) => `/queues/api/queues?activeQueue=${name}`);
  const paths = ['/', '/metrics', '/readyz', ...queues, ...jobs, ...jobs.map((job) => `${job}/logs`)];
  const look = async (path: string): Promise<Sink> => {
    const answer = await fetch(`${home.state?.dashboard}${path}`, { headers: { authorization } });
    expect([path, answer.status]).toEqual([path, 200]);
    return [path, await answer.text()];
  };
  return Promise.all(paths.map(look));
}

export async function saidBy(home: TestHome, argv: readonly string[]): Promise<Sink> {
  const { stdout, stderr } = await home.ops(...argv);
  expect(`${stdout}${stderr}`).not.toBe('');
  return [`ops ${argv.join(' ')}`, `${stdout}\n${stderr}`];
}

/** Reads, until it is disposed of, with what arguments and environment the kernel says that each process was started. */
export class ProcessWatch implements Disposable {
  /** But the environment of commands of tasks: they are given the secret there. */
  readonly sinks: Sink[] = [];
  /** How often a command of a task was seen that has it. */
  given = 0;
  readonly #seen = new Set<string>();
  readonly #timer = setInterval(() => this.#look(), 20);

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      this.#keep(`cmdline of ${pid}`, read(`/proc/${pid}/cmdline`));
      const environment = read(`/proc/${pid}/environ`);
      if (!environment.includes('OPS_TASK_ID=')) this.#keep(`environ of ${pid}`, environment);
      else if (environment.includes(CANARY)) this.given += 1;
    }
  }

  #keep(name: string, text: string): void {
    if (this.#seen.has(text)) return;
    this.#seen.add(text);
    this.sinks.push([name, text]);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
