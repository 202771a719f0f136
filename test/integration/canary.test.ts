import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { basic } from '../dashboard/support.ts';
import { ENCODINGS } from '../encodings.ts';
import { script } from '../fixtures/commands/commands.ts';
import { TestHome } from './test-home.ts';

/** Of so many characters in a row of an encoded secret nothing may be found. */
const PIECE = 8;
const [FIRST = '', SECOND = ''] = crypto.randomUUID().split('-');
const CANARY = `${FIRST}/+"ü\\'&=${SECOND} ${FIRST}`;
const PIECES = new Set(Object.values(ENCODINGS).flatMap((encode) => piecesOf(encode(CANARY))));

function piecesOf(text: string): string[] {
  return Array.from({ length: text.length - PIECE + 1 }, (_, n) => text.slice(n, n + PIECE));
}

const foundIn = (text: string): string | undefined => piecesOf(text).find((piece) => PIECES.has(piece));

/** Every file that the daemon wrote, by its path: but what is there to hold secrets. */
function filesOf({ home: { var: places } }: TestHome): [string, string][] {
  return readdirSync(places.dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(places.snapshots) && path !== places.hostKey)
    .map((path) => [path, readFileSync(path, 'utf8')]);
}

const READS: Record<string, (redis: Redis, key: string) => Promise<unknown>> = {
  string: (redis, key) => redis.get(key),
  hash: (redis, key) => redis.hgetall(key),
  list: (redis, key) => redis.lrange(key, 0, -1),
  set: (redis, key) => redis.smembers(key),
  zset: (redis, key) => redis.zrange(key, '0', '-1'),
  stream: (redis, key) => redis.xrange(key, '-', '+'),
};

async function redisOf({ redis }: TestHome): Promise<[string, string][]> {
  const read = async (key: string) => {
    const value = await READS[await redis.type(key)]?.(redis, key);
    return [`Redis ${key}`, `${key} ${textsIn(value)}`] as [string, string];
  };
  return Promise.all((await redis.keys('*')).map(read));
}

/** As it stands there: JSON would put another escape on top. */
const textsIn = (value: unknown): string =>
  value !== null && typeof value === 'object'
    ? Object.entries(value)
        .map(([name, item]) => `${name} ${textsIn(item)}`)
        .join('\n')
    : String(value);

async function pagesOf(home: TestHome, tasks: readonly string[]): Promise<[string, string][]> {
  const authorization = basic(readFileSync(home.home.var.dashboardPassword, 'utf8').trim());
  const jobs = tasks.map((task) => `/queues/api/queues/ops-mini-1/${task}`);
  const queues = ['ops-mini-1', 'ops-results', 'ops-alerts'].map((name) => `/queues/api/queues?activeQueue=${name}`);
  const paths = ['/', '/metrics', '/readyz', ...queues, ...jobs, ...jobs.map((job) => `${job}/logs`)];
  const look = async (path: string): Promise<[string, string]> => {
    const answer = await fetch(`${home.state?.dashboard}${path}`, { headers: { authorization } });
    expect([path, answer.status]).toEqual([path, 200]);
    return [path, await answer.text()];
  };
  return Promise.all(paths.map(look));
}

async function commandsOf(home: TestHome, file: string): Promise<[string, string][]> {
  const reports = [
    ['report', 'prints', '--json'],
    ['report', 'fails'],
  ];
  const verbs = [['tasks', '--json'], ['alerts'], ['status'], ['logs', '--json', '--lines', '1000'], ['preview', file]];
  const say = async (argv: string[]): Promise<[string, string]> => {
    const { stdout, stderr } = await home.ops(...argv);
    expect(`${stdout}${stderr}`).not.toBe('');
    return [`ops ${argv.join(' ')}`, `${stdout}\n${stderr}`];
  };
  return Promise.all([...reports, ...verbs].map(say));
}

/** Runs the fixture with the secret in its environment. */
const prints = (...args: string[]) => ({
  action: 'infra.command',
  with: {
    argv: [process.execPath, script('canary.ts'), ...args],
    env: { CANARY: 'secret:file/canary' },
    undo: ['true'],
    timeout_ms: 120_000,
  },
});

it('T24: a secret that commands print in every encoding, cut at every offset, is found in no sink', async () => {
  await using home = await TestHome.make({ OPS_DASHBOARD: '127.0.0.1:0' });
  const { policy, secrets } = home.home.etc;
  mkdirSync(secrets, { recursive: true });
  writeFileSync(join(secrets, 'canary'), CANARY);
  chmodSync(join(secrets, 'canary'), 0o600);
  writeFileSync(policy, `${readFileSync(policy, 'utf8')}    secrets: [file/canary]\n`);
  const daemon = home.launch();
  await home.ready();
  const task = home.task('prints', [prints()]);
  await home.submit(task);
  await home.submit(home.task('fails', [prints('--cut', '--fail')]));
  expect((await home.report('prints', 1, 120_000)).ops_output.status).toBe('completed');
  expect((await home.report('fails', 1, 120_000)).ops_output.status).toBe('blocked');

  const file = home.path('task.json');
  writeFileSync(file, JSON.stringify(task));
  const tasks = ['prints', 'fails'];
  const sinks = [
    ...filesOf(home),
    ...(await redisOf(home)),
    ...(await pagesOf(home, tasks)),
    ...(await commandsOf(home, file)),
    ...home.reports.map((report): [string, string] => ['report', textsIn(report)]),
  ];
  expect(await home.stop()).toBe(0);
  const { stdout, stderr } = await daemon;
  sinks.push(['stdout of the daemon', stdout ?? ''], ['stderr of the daemon', stderr ?? '']);

  const output = readFileSync(join(home.home.var.output, 'fails.log'), 'utf8');
  expect(output).toContain("cannot access '/no/such/");
  expect(output.match(/\[secret\]/g)?.length).toBeGreaterThan(1_000);
  expect(sinks.map(([name, text]) => [name, foundIn(text)]).filter(([, piece]) => piece !== undefined)).toEqual([]);
}, 300_000);
