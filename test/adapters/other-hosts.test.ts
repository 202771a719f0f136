import { expect, it } from 'vitest';
import { refuseOtherHosts } from '../../src/adapters/other-hosts.ts';
import type { Config } from '../../src/config.ts';
import { homeOf } from '../../src/config.ts';
import { queueNames } from '../../src/contract/queues.ts';
import { realRedis } from './real-redis.ts';

const WAIT_MS = 5_000;
const redis = realRedis();

const refusal = (given: { sole?: boolean; prefix?: string; waitMs?: number } = {}) => {
  const host = { name: 'mini-1', sole: given.sole ?? true };
  const config = { home: homeOf('/h'), host, queues: queueNames({ prefix: given.prefix }) } as Config;
  return refuseOtherHosts(redis.connect(), config, given.waitMs ?? WAIT_MS);
};

it('takes a Redis in which nobody has published, or only this host', async () => {
  await expect(refusal()).resolves.toBeUndefined();
  await redis.connect().set('{savorg}:published:mini-1', '7');
  await expect(refusal()).resolves.toBeUndefined();
});

it('T34: refuses one in which another host has, and says what to set', async () => {
  const writer = redis.connect();
  await writer.mset('{savorg}:published:mini-1', '7', '{savorg}:published:mini-2', '9');
  await expect(refusal()).rejects.toThrow(
    'another host uses this Redis (it has {savorg}:published:mini-2; if that host is gone for good, remove the key): set sole_host: false in /h/etc/ops.yaml',
  );
  await expect(refusal({ sole: false })).resolves.toBeUndefined();
});

it('T34: finds its key among a hundred thousand', async () => {
  const writer = redis.connect();
  await writer.eval("for n = 1, 100000 do redis.call('SET', 'somebody:else:' .. n, '') end", 0);
  await expect(refusal()).resolves.toBeUndefined();
  await writer.set('{savorg}:published:mini-2', '9');
  await expect(refusal()).rejects.toThrow('mini-2');
});

it('takes a prefix as it is written', async () => {
  await redis.connect().set('{lax}:published:mini-2', '9');
  await expect(refusal({ prefix: '{l[a]*}' })).resolves.toBeUndefined();
  await redis.connect().set('{l[a]*}:published:mini-2', '9');
  await expect(refusal({ prefix: '{l[a]*}' })).rejects.toThrow('it has {l[a]*}:published:mini-2');
});

it('refuses a Redis that does not show it', async () => {
  const admin = redis.connect();
  await admin.call('ACL', 'SETUSER', 'default', '-scan');
  const denied = refusal();
  await expect(denied).rejects.toThrow(
    /does not show whether other hosts use it \(SCAN: NOPERM .*set sole_host: false/,
  );
  await admin.call('ACL', 'SETUSER', 'default', '+scan');
  await admin.client('PAUSE', 1_000, 'ALL');
  await expect(refusal({ waitMs: 200 })).rejects.toThrow('(SCAN: no end within 0.2 s)');
});
