import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { refuseUnusableRedis } from '../../src/adapters/redis-policy.ts';
import { embeddedRedis } from '../../src/adapters/redis-server.ts';

const WAIT_MS = 2_000;
const KEYS = { probe: 'probe', control: 'control' };
const log = { info: () => undefined, warn: () => undefined };
let home: string;
let server: ReturnType<typeof embeddedRedis>;
let admin: Redis;
const guests: Redis[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'ops-policy-'));
  server = embeddedRedis({ dir: join(home, 'redis'), log });
  await server.start();
  admin = new Redis(server.url);
});

afterEach(() => {
  for (const redis of guests.splice(0)) redis.disconnect();
});

afterAll(async () => {
  admin.disconnect();
  await server.stop();
  await rm(home, { recursive: true, force: true });
});

const policy = (name: string): Promise<unknown> => admin.config('SET', 'maxmemory-policy', name);

/** A user of somebody else's Redis, with everything but what is taken away. */
async function guest(...denied: string[]): Promise<Redis> {
  await admin.call('ACL', 'SETUSER', 'guest', 'reset', 'on', '>guest', '~*', '+@all', ...denied);
  const redis = new Redis(Number(new URL(server.url).port), {
    username: 'guest',
    password: 'guest',
    enableReadyCheck: false,
  });
  guests.push(redis);
  return redis;
}

it('takes a Redis that never evicts', async () => {
  await policy('noeviction');
  await expect(refuseUnusableRedis(admin, KEYS, WAIT_MS)).resolves.toBeUndefined();
});

it.each(['allkeys-lru', 'volatile-ttl'])('F25: refuses %s, and says what to set', async (name) => {
  await policy(name);
  await expect(refuseUnusableRedis(admin, KEYS, WAIT_MS)).rejects.toThrow(
    new RegExp(`maxmemory-policy ${name}, and may drop.*set .maxmemory-policy noeviction`),
  );
});

it.each(['config', 'info'])('needs no %s where it may ask in another way', async (denied) => {
  const redis = await guest(`-${denied}`);
  await policy('noeviction');
  await expect(refuseUnusableRedis(redis, KEYS, WAIT_MS)).resolves.toBeUndefined();
  await policy('allkeys-random');
  await expect(refuseUnusableRedis(redis, KEYS, WAIT_MS)).rejects.toThrow('allkeys-random');
});

it.each([
  [
    'a port where nothing listens',
    () => new Redis(1, { maxRetriesPerRequest: null }),
    /^Redis at \S+:1 cannot be used \(.*ECONNREFUSED/,
  ],
  [
    'a wrong password',
    () => new Redis(server.url.replace(/:[\w-]{43}@/, ':wrong@'), { maxRetriesPerRequest: null }),
    /(WRONGPASS|NOAUTH).*(URL)/,
  ],
])('refuses %s, and says why', async (_what, connect, message) => {
  const redis = connect();
  guests.push(redis);
  await expect(refuseUnusableRedis(redis, KEYS, 300)).rejects.toThrow(message);
});

it.each([
  [
    'F22: a Redis without memory',
    ['CONFIG', 'SET', 'maxmemory', '1'],
    ['CONFIG', 'SET', 'maxmemory', '0'],
    /OOM.*full/,
  ],
  ['F23: a replica', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'], /READONLY.*its primary/],
])('refuses %s, and says what to do', async (_what, [breaking = '', ...args], [mending = '', ...back], message) => {
  await policy('noeviction');
  await admin.call(breaking, ...args);
  try {
    await expect(refuseUnusableRedis(admin, KEYS, WAIT_MS)).rejects.toThrow(message);
  } finally {
    await admin.call(mending, ...back);
  }
  await expect(refuseUnusableRedis(admin, KEYS, WAIT_MS)).resolves.toBeUndefined();
});

it.each([
  ['evalsha', ['-evalsha']],
  ['eval', ['-eval']],
  ['xread', ['-xread']],
])('F24: refuses a Redis that does not allow %s, and says what to do', async (name, denied) => {
  await admin.call('SCRIPT', 'FLUSH');
  const redis = await guest(...denied);
  const message = new RegExp(`NOPERM.*${name}.*: allow this user what it asks for`);
  await expect(refuseUnusableRedis(redis, KEYS, WAIT_MS)).rejects.toThrow(message);
});

it('refuses a Redis that does not tell', async () => {
  await policy('noeviction');
  const redis = await guest('-config', '-info');
  await expect(refuseUnusableRedis(redis, KEYS, WAIT_MS)).rejects.toThrow('does not tell its maxmemory-policy');
});
