import { appRoutes } from '@bull-board/api/dist/routes.js';
import { type Job, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { realRedis } from '../adapters/real-redis.ts';
import { testLedger } from '../services/support.ts';
import { basic, HOST, noSchedules, SECRET, testServer } from './support.ts';

const real = realRedis();
const NAMES = ['ops', 'ops-mini-1', 'ops-results', 'ops-alerts'];

/** A dashboard over four queues of a real Redis, one of which has a task of everything that can be shown. */
async function shown() {
  const redis = real.connect();
  const queues = NAMES.map((name) => real.later(new Queue(name, { connection: redis, prefix: '{savorg}' })));
  for (const queue of queues) queue.on('error', () => undefined);
  await Promise.all(queues.map((queue) => queue.waitUntilReady()));
  const board = await testServer();
  board.show({ queues, ledger: testLedger(), running: () => [], schedules: noSchedules, redis });
  return { ...board, redis, queues };
}

async function fail(job: Job): Promise<void> {
  await job.log(`said ${SECRET}\nand more`);
  await job.updateProgress({ state: SECRET });
  throw new Error(`failed with ${SECRET}`);
}

async function failedTask(redis: Redis): Promise<void> {
  const worker = new Worker('ops', fail, { connection: redis.duplicate(), prefix: '{savorg}' });
  worker.on('error', () => undefined);
  await new Promise((resolve) => worker.on('failed', resolve));
  await worker.close();
}

const filled = (path: string): string =>
  `/queues${path.replace(':queueName', 'ops').replace(':jobId', 'task-1').replace(':queueStatus', 'failed')}`;

describe('every route of Bull Board that changes something', () => {
  const changing = appRoutes.api.flatMap(({ method, route }) =>
    [method].flat().flatMap((verb) => (verb === 'get' ? [] : [route].flat().map((path) => [verb, path] as const))),
  );

  it('is known', () => {
    expect(changing.length).toBeGreaterThan(20);
  });

  it.each(changing)('T27: is refused: %s %s', async (verb, path) => {
    const { ask, redis, queues, password } = await shown();
    await queues[0]?.add('deploy', { a: 1 }, { jobId: 'task-1', delay: 3600_000 });
    const before = await contentOf(redis);
    const authorization = basic(password);
    const origin = `http://${HOST}`;
    const request = { url: filled(path), method: verb.toUpperCase() as 'PUT' };
    const types = ['application/json', 'text/plain', 'application/x-www-form-urlencoded'];
    for (const type of types) {
      const status = async (headers: Record<string, string>) =>
        (await ask({ ...request, headers: { 'content-type': type, ...headers }, payload: '{"name":"x","data":{}}' }))
          .statusCode;
      expect(await status({ origin })).toBe(401);
      expect(await status({ origin, authorization: basic('guess') })).toBe(401);
      expect(await status({ authorization, origin: 'http://evil.example' })).toBe(403);
      expect(await status({ authorization, 'sec-fetch-site': 'cross-site' })).toBe(403);
      expect(await status({ authorization, origin })).toBe(405);
      expect(await status({ authorization })).toBe(405);
    }
    expect(await contentOf(redis)).toEqual(before);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const)('nor is there another one: %s', async (method) => {
    const { ask, password } = await shown();
    const authorization = basic(password);
    for (const url of ['/', '/queues', '/queues/api/queues', '/metrics', '/readyz', '/nothing'])
      expect((await ask({ url, method, headers: { authorization } })).statusCode).toBe(405);
  });
});

describe('a page of jobs', () => {
  it.each(['101', '100000', '1e9', '0x65', '1&jobsPerPage=100000', 'many'])(
    'longer than a person reads is refused, as it would cost the daemon its memory: %s',
    async (jobsPerPage) => {
      const { look } = await shown();
      for (const path of ['/queues/api/queues', '//queues/api/queues', 'http://127.0.0.1:7070/queues/api/queues'])
        expect((await look(`${path}?activeQueue=ops&jobsPerPage=${jobsPerPage}`)).statusCode).toBe(
          path.startsWith('//') ? 404 : 400,
        );
    },
  );

  it('of a hundred is shown', async () => {
    const { look } = await shown();
    expect((await look('/queues/api/queues?activeQueue=ops&jobsPerPage=100')).statusCode).toBe(200);
  });
});

/** Every key with its value. */
async function contentOf(redis: Redis): Promise<Record<string, string | undefined>> {
  const keys = (await redis.keys('*')).toSorted();
  const values = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  return Object.fromEntries(keys.map((key, index) => [key, values[index]?.toString('base64')]));
}

describe('Bull Board', () => {
  it('shows the four queues, read-only', async () => {
    const { look } = await shown();
    const { queues } = (await look('/queues/api/queues')).json();
    expect(queues.map(({ name }: { name: string }) => name)).toEqual(NAMES);
    expect(queues.map(({ readOnlyMode }: { readOnlyMode: boolean }) => readOnlyMode)).toEqual(NAMES.map(() => true));
  });

  it('shows a job whole, without its secrets', async () => {
    const { look, redis, queues } = await shown();
    const opts = { jobId: 'task-1', stackTraceLimit: 3, deduplication: { id: SECRET } };
    await queues[0]?.add(`deploy ${SECRET}`, { plain: 'seen', deep: [{ [SECRET]: `a ${SECRET} b` }] }, opts);
    await failedTask(redis);
    const { job } = (await look('/queues/api/queues/ops/task-1')).json();
    expect(job).toMatchObject({
      name: 'deploy [secret]',
      data: { plain: 'seen', deep: [{ '[secret]': 'a [secret] b' }] },
      progress: { state: '[secret]' },
      failedReason: 'failed with [secret]',
      stacktrace: [expect.stringMatching(/^Error: failed with \[secret\]\n {4}at /)],
      opts: { deduplication: { id: '[secret]' } },
    });
    expect((await look('/queues/api/queues/ops/task-1/logs')).json()).toEqual(['said [secret]\nand more']);
    expect((await look('/queues/api/queues?activeQueue=ops')).json().queues[0].jobs).toHaveLength(1);
  });

  it('shows what a job returned, without its secrets', async () => {
    const { look, redis, queues } = await shown();
    await queues[0]?.add('deploy', {}, { jobId: 'task-1' });
    const worker = new Worker('ops', async () => ({ token: SECRET, status: 'completed' }), {
      connection: redis.duplicate(),
      prefix: '{savorg}',
    });
    await new Promise((resolve) => worker.on('completed', resolve));
    await worker.close();
    const { job } = (await look('/queues/api/queues/ops/task-1')).json();
    expect(job.returnValue).toEqual({ token: '[secret]', status: 'completed' });
  });

  it.each(
    appRoutes.api.filter(({ method }) => method === 'get').map(({ route }) => [[route].flat()[0] ?? ''] as const),
  )('T27: tells no secret at %s', async (path) => {
    const { look, redis, queues } = await shown();
    await queues[0]?.add(SECRET, { a: SECRET }, { jobId: 'task-1' });
    await failedTask(redis);
    const answer = await look(filled(path));
    expect([200, 404]).toContain(answer.statusCode);
    expect(answer.body).not.toContain('hunter2');
  });

  it('is empty while no daemon runs', async () => {
    const { look, show } = await shown();
    show(null);
    expect((await look('/queues/api/queues')).json()).toEqual({ queues: [] });
    expect((await look('/queues/api/queues/ops/task-1')).statusCode).toBe(404);
    expect((await look('/queues/')).statusCode).toBe(200);
  });

  it('does not wait for a Redis that is away', async () => {
    const { look, redis } = await shown();
    redis.disconnect();
    await expect.poll(() => redis.status).toBe('end');
    const answer = await look('/queues/api/queues');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toEqual({ error: 'Redis cannot be reached' });
    expect((await look('/queues/')).statusCode).toBe(200);
  });

  it('does not wait longer than 5 seconds for a Redis that hangs', async () => {
    const { look, show, redis, queues, logged } = await shown();
    const [first, ...others] = queues;
    if (!first) throw new Error('no queue');
    first.getJobCounts = () => new Promise(() => undefined);
    show({ queues: [first, ...others], ledger: testLedger(), running: () => [], schedules: noSchedules, redis });
    const answers = await Promise.all([look('/queues/api/queues'), look('/metrics')]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([500, 500]);
    expect((await look('/')).statusCode).toBe(200);
    expect(logged[0]).toBe('the dashboard could not answer');
  }, 10_000);

  it('says what went wrong once in the log, however often it is asked, and redacts it', async () => {
    const { look, show, redis, queues, logged } = await shown();
    const [first, ...others] = queues;
    if (!first) throw new Error('no queue');
    first.getJobCounts = () => Promise.reject(new Error(`broken by ${SECRET}`));
    show({ queues: [first, ...others], ledger: testLedger(), running: () => [], schedules: noSchedules, redis });
    for (let times = 0; times < 3; times += 1) {
      const answer = await look('/queues/api/queues');
      expect(answer.statusCode).toBe(500);
      expect(answer.json()).toMatchObject({ message: 'broken by [secret]' });
    }
    expect(logged).toEqual(['the dashboard could not answer']);
    expect((await look('/metrics')).body).toContain('ops_redis_up 0');
    expect((await look('/healthz')).statusCode).toBe(200);
  });
});
