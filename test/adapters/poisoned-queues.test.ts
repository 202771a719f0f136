import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { poisonedQueues } from '../../src/adapters/poisoned-queues.ts';
import { aclUsers } from '../../src/adapters/redis-acl.ts';
import { queueNames } from '../../src/contract/queues.ts';
import { HOUR } from '../services/support.ts';
import { realRedis } from './real-redis.ts';

const PREFIX = '{savorg}';
const KEY = `${PREFIX}:ops:`;
const server = realRedis();

function setUp() {
  const redis = server.connect();
  const openQueue = () => server.later(new Queue('ops', { connection: redis, prefix: PREFIX }));
  const poisoned = poisonedQueues(redis, queueNames(), 'mini-1');
  const found = async () => (await poisoned.find()).map(({ name, why }) => [name.toString(), why]);
  const sweep = async () => {
    for (const poison of await poisoned.find()) await poison.remove();
  };
  return { redis, openQueue, poisoned, found, sweep };
}

describe('a poisoned job', () => {
  it.each(['wait', 'active', 'paused'])('is found in %s, and taken out with its key', async (list) => {
    const { redis, found, sweep } = setUp();
    await redis.set(`${KEY}bad`, 'a string');
    await redis.lpush(`${KEY}${list}`, 'bad', 'bad');
    expect(await found()).toContainEqual(['bad', 'is a string, not a hash']);
    await sweep();
    expect(await found()).toEqual([]);
    expect(await redis.exists(`${KEY}bad`, `${KEY}${list}`)).toBe(0);
  });

  it.each(['delayed', 'prioritized'])('is found in %s, and taken out with its key', async (set) => {
    const { redis, found, sweep } = setUp();
    await redis.lpush(`${KEY}bad`, 'a list');
    await redis.zadd(`${KEY}${set}`, 1, 'bad');
    expect(await found()).toEqual([['bad', 'is a list, not a hash']]);
    await sweep();
    expect(await redis.exists(`${KEY}bad`, `${KEY}${set}`)).toBe(0);
  });

  it.each([
    ['ats', 'x', 'has a field ats that is no number'],
    ['atm', '1.5', 'has a field atm that is no number'],
    ['stc', '9'.repeat(16), 'has a field stc that is no number'],
    ['parent', 'junk', 'has a parent that BullMQ cannot read'],
    ['parent', 'null', 'has a parent that BullMQ cannot read'],
    ['parent', '{"id":1}', 'has a parent that BullMQ cannot read'],
  ])('is one with %s: %s', async (field, value, why) => {
    const { redis, found } = setUp();
    await redis.hset(`${KEY}bad`, { data: '{}', [field]: value });
    await redis.lpush(`${KEY}wait`, 'bad');
    expect(await found()).toEqual([['bad', why]]);
  });

  it('is shown as it was found, bytes that are no text too; of what is long only the length', async () => {
    const { redis, poisoned } = setUp();
    await redis.hset(`${KEY}bad`, { ats: 'x', data: 'y'.repeat(70_000), raw: Buffer.from([0xff]) });
    await redis.lpush(`${KEY}wait`, 'bad');
    const [poison] = await poisoned.find();
    const contents = await poison?.contents();
    expect(contents).toHaveLength(6);
    expect(contents).toEqual(expect.arrayContaining(['ats', 'x', 'data', '(70000 bytes)', 'raw', { base64: '/w==' }]));
  });

  it('whose name is that of a key of the queue takes only its name with it', async () => {
    const { redis, openQueue, found, sweep } = setUp();
    const queue = openQueue();
    await queue.add('config', {}, { jobId: 'good' });
    await redis.rpush(`${KEY}wait`, 'wait', 'good:logs');
    await redis.rpush(`${KEY}good:logs`, 'a line');
    await sweep();
    expect(await found()).toEqual([]);
    expect(await redis.lrange(`${KEY}wait`, 0, -1)).toEqual(['good']);
    expect(await redis.llen(`${KEY}good:logs`)).toBe(1);
  });

  it('is found, shown and taken out by a daemon that may do no more than "ops redis acl" says', async () => {
    const { redis } = setUp();
    const daemon = aclUsers(queueNames(), 'mini-1').find(({ name }) => name === 'savorg-daemon-mini-1');
    await redis.acl('SETUSER', 'savorg-daemon', 'on', '>secret', ...(daemon?.rules ?? '').split(' '));
    const limited = new Redis(server.url, { username: 'savorg-daemon', password: 'secret' });
    server.later({ close: async () => limited.disconnect() });
    await redis.set(`${KEY}string`, 'a string');
    await redis.hset(`${KEY}hash`, { ats: 'x' });
    await redis.lpush(`${KEY}wait`, 'string', 'hash');
    const poisoned = poisonedQueues(limited, queueNames(), 'mini-1');
    const found = await poisoned.find();
    expect(await Promise.all(found.map((poison) => poison.contents()))).toEqual([['ats', 'x'], ['a string']]);
    for (const poison of found) await poison.remove();
    expect(await redis.keys('*')).toEqual([]);
  });

  it('that was mended meanwhile stays', async () => {
    const { redis, openQueue, poisoned } = setUp();
    const queue = openQueue();
    await queue.add('config', {}, { jobId: 'good' });
    await redis.hset(`${KEY}good`, 'ats', 'x');
    const [poison] = await poisoned.find();
    await redis.hset(`${KEY}good`, 'ats', '1');
    await poison?.remove();
    expect(await queue.getJobState('good')).toBe('waiting');
  });
});

describe('a key of the queue that is of another type', () => {
  it.each(['wait', 'active', 'delayed', 'prioritized', 'failed', 'events', 'meta'])(
    'is found, and makes room: %s',
    async (name) => {
      const { redis, openQueue, found, sweep } = setUp();
      await redis.sadd(`${KEY}${name}`, 'x');
      expect(await found()).toEqual([[name, expect.stringMatching(/^is a set where a /)]]);
      await sweep();
      expect(await redis.exists(`${KEY}${name}`)).toBe(0);
      const queue = openQueue();
      await queue.add('config', {}, { jobId: 'good' });
      expect(await queue.getJobState('good')).toBe('waiting');
    },
  );
});

const LAST_ID = '18446744073709551615-18446744073709551615';

describe('a key of the queue that is of the right type and still keeps tasks back', () => {
  it.each([
    ['paused', '1', 'has a field paused, by which tasks are kept back'],
    ['concurrency', '0', 'has a field concurrency, by which tasks are kept back'],
    ['concurrency', 'x', 'has a field concurrency that is no number'],
    ['max', '1', 'has a field max, by which tasks are kept back'],
    ['opts.maxLenEvents', '-', 'has a field opts.maxLenEvents that is no number'],
  ])('is found, and makes room: meta with %s %s', async (field, value, why) => {
    const { redis, found, sweep } = setUp();
    await redis.hset(`${KEY}meta`, field, value);
    expect(await found()).toEqual([['meta', why]]);
    await sweep();
    expect(await found()).toEqual([]);
  });

  it.each(['id', 'pc', 'limiter', 'stalled-check'])('is found, and makes room: %s that is no number', async (name) => {
    const { redis, found, sweep } = setUp();
    await redis.set(`${KEY}${name}`, '1e9');
    expect(await found()).toEqual([[name, 'is no number']]);
    await sweep();
    expect(await found()).toEqual([]);
  });

  it.each([
    ['events of tasks', `${KEY}events`, 'events'],
    ['events of reports', `${PREFIX}:ops-results:events`, 'events'],
    ['the control stream', `${PREFIX}:ops-control`, ''],
  ])('is found, and makes room: %s after the largest id', async (_what, key, name) => {
    const { redis, found, sweep } = setUp();
    await redis.xadd(key, LAST_ID, 'token', 'x');
    expect(await found()).toEqual([[name, 'is a stream that takes no more entries']]);
    await sweep();
    await redis.xadd(key, '*', 'token', 'x');
    expect(await found()).toEqual([]);
  });

  it('is left alone where reports are read: who reads them may pause that', async () => {
    const { redis, found } = setUp();
    const results = server.later(new Queue('ops-results', { connection: redis, prefix: PREFIX }));
    await results.add('report', {}, { jobId: 'report-1' });
    await results.pause();
    await results.setGlobalConcurrency(1);
    expect(await found()).toEqual([]);
  });
});

describe('good jobs', () => {
  it('are left alone in every state, one whose worker died too', async () => {
    const { redis, openQueue, found } = setUp();
    const queue = openQueue();
    const worker = server.later(new Worker('ops', null, { connection: redis, prefix: PREFIX }));
    await queue.add('config', {}, { jobId: 'runs' });
    await worker.getNextJob('token');
    await queue.add('config', {}, { jobId: 'its-worker-died' });
    await worker.getNextJob('token');
    await redis.del(`${KEY}its-worker-died:lock`);
    await queue.add('config', {}, { jobId: 'waits' });
    await queue.add('config', {}, { jobId: 'comes-later', delay: HOUR });
    await queue.add('config', {}, { jobId: 'comes-first', priority: 1 });
    await redis.rpush(`${KEY}wait`, 'was-deleted');
    expect(await found()).toEqual([]);
  });

  it('F32: cost no more to look at when there are 10,000 of them', async () => {
    const { redis, openQueue, found } = setUp();
    const queue = openQueue();
    for (let n = 0; n < 10; n += 1) await queue.addBulk(Array.from({ length: 1000 }, () => ({ name: 'x', data: {} })));
    await redis.config('RESETSTAT');
    expect(await found()).toEqual([]);
    const calls = /cmdstat_hget:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1];
    expect(Number(calls)).toBeLessThanOrEqual(400);
  });
});
