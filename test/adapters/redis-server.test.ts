import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRedisServer } from '../../src/adapters/redis-program.ts';
import { embeddedRedis } from '../../src/adapters/redis-server.ts';
import { OpsError } from '../../src/errors.ts';

let home: string;
let dir: string;
let logged: string[];
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'ops redis "quoted" '));
  dir = join(home, 'var', 'redis');
  logged = [];
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  await rm(home, { recursive: true, force: true });
});

const record = (...line: unknown[]): void => void logged.push(JSON.stringify(line));
const log = { info: record, warn: record };

function embedded(folder = dir) {
  const redis = embeddedRedis({ dir: folder, log, searchPath: process.env['PATH'] ?? '' });
  cleanups.push(() => redis.stop());
  return redis;
}

async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

const pidOf = (url: string): Promise<number> =>
  ask(url, async (redis) => Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]));

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

async function listenAt(port: number): Promise<Server> {
  const server = createServer((_, response) => response.end('not Redis')).listen(port, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return server;
}

describe('start', () => {
  it('knows the users of its users.acl, and keeps them when it starts again', async () => {
    const redis = embedded();
    await redis.start();
    await redis.stop();
    const digest = createHash('sha256').update('s3cret').digest('hex');
    await writeFile(join(dir, 'users.acl'), `user guest reset on #${digest} ~guest:* -@all +info +get\n`);
    for (let start = 1; start <= 2; start += 1) {
      await redis.start();
      const url = redis.url.replace('//:', '//guest:').replace(/:[\w-]{43}@/, ':s3cret@');
      expect(await ask(url, (client) => client.get('guest:a'))).toBeNull();
      await expect(ask(url, (client) => client.get('a'))).rejects.toThrow('NOPERM');
      await redis.stop();
    }
    expect(await modeOf(join(dir, 'users.acl'))).toBe('600');
  });

  it('serves at the URL it wrote down, with nothing readable by others and the password in no argv', async () => {
    const redis = embedded();
    await redis.start();
    await redis.start();
    expect(await ask(redis.url, (client) => client.set('a', '1'))).toBe('OK');
    expect(await readFile(join(dir, 'url'), 'utf8')).toBe(`${redis.url}\n`);
    expect(await modeOf(dir)).toBe('700');
    for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
      expect([entry.name, await modeOf(join(entry.parentPath, entry.name))]).toEqual([
        entry.name,
        entry.isDirectory() ? '700' : '600',
      ]);
    }
    const { password, port } = new URL(redis.url);
    expect(Buffer.from(password, 'base64url')).toHaveLength(32);
    const { stdout } = await execa('ps', ['-e', '-o', 'args=']);
    expect(stdout).toContain(`127.0.0.1:${port}`);
    expect(stdout).not.toContain(password);
    expect(logged.join('\n')).not.toContain(password);
  });

  it('never evicts, and writes an append-only file every second', async () => {
    const redis = embedded();
    await redis.start();
    const settings = await ask(redis.url, (client) => client.config('GET', 'maxmemory-policy', 'append*'));
    expect(settings).toEqual(expect.arrayContaining(['noeviction', 'everysec', 'yes']));
  });

  it('refuses callers without the password', async () => {
    const redis = embedded();
    await redis.start();
    const { port } = new URL(redis.url);
    await expect(ask(`redis://127.0.0.1:${port}`, (client) => client.get('a'))).rejects.toThrow(/NOAUTH/);
  });

  it('says what to install where there is no redis-server', async () => {
    await expect(findRedisServer(home, [dir])).rejects.toThrow(/brew install redis.*apt-get install redis-server/);
  });

  it('names the log where its data cannot be loaded', async () => {
    await mkdir(join(dir, 'appendonlydir'), { recursive: true });
    await writeFile(join(dir, 'appendonlydir', 'appendonly.aof.manifest'), 'nonsense\n');
    await expect(embedded().start()).rejects.toThrow(join(dir, 'redis.log'));
  });

  it('does not tell a URL before it has started', () => {
    expect(() => embedded().url).toThrow('has not started');
  });
});

describe('adopt', () => {
  it('takes over the server of a daemon that was killed', async () => {
    const adapter = new URL('../../src/adapters/redis-server.ts', import.meta.url).href;
    const daemon = `import { embeddedRedis } from ${JSON.stringify(adapter)};
      const redis = embeddedRedis({ dir: ${JSON.stringify(dir)}, log: { info() {}, warn() {} } });
      await redis.start();
      console.log(redis.url);
      setInterval(() => {}, 1000);`;
    const first = execa(process.execPath, ['--input-type=module-typescript', '-e', daemon], { reject: false });
    const { value: line } = await first.iterable().next();
    const url = String(line).trim();
    const pid = await pidOf(url);
    await ask(url, (client) => client.set('kept', 'yes'));
    first.kill('SIGKILL');
    expect(await first).toMatchObject({ signal: 'SIGKILL' });

    const second = embedded();
    await second.start();
    expect(second.url).toBe(url);
    expect(await pidOf(second.url)).toBe(pid);
    expect(await ask(second.url, (client) => client.get('kept'))).toBe('yes');
  });

  it('leaves a server alone that has our password and works in another folder', async () => {
    const other = embedded(join(home, 'other'));
    await other.start();
    await mkdir(dir, { recursive: true });
    await copyFile(join(home, 'other', 'redis.conf'), join(dir, 'redis.conf'));
    const ours = embedded();
    await ours.start();
    expect(ours.url).not.toBe(other.url);
    expect(await pidOf(ours.url)).not.toBe(await pidOf(other.url));
  });

  it('refuses to start a second server beside one that works in the folder and does not answer', async () => {
    const redis = embedded();
    await redis.start();
    const pid = await pidOf(redis.url);
    process.kill(pid, 'SIGSTOP');
    cleanups.push(() => process.kill(pid, 'SIGCONT'));
    const refusal = await embedded()
      .start()
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(OpsError);
    expect(String(refusal)).toContain(`pid ${pid}`);
    expect(String(refusal)).not.toContain(new URL(redis.url).password);
  });
});

describe('a port that another program has taken', () => {
  it('is given up for a new one with a new password, and the data stay', async () => {
    const redis = embedded();
    await redis.start();
    const before = new URL(redis.url);
    await ask(redis.url, (client) => client.set('kept', 'yes'));
    await redis.stop();
    await listenAt(Number(before.port));
    await redis.start();
    const after = new URL(redis.url);
    expect(after.port).not.toBe(before.port);
    expect(after.password).not.toBe(before.password);
    expect(await readFile(join(dir, 'url'), 'utf8')).toBe(`${redis.url}\n`);
    expect(await ask(redis.url, (client) => client.get('kept'))).toBe('yes');
    expect(logged.join('\n')).toContain('another program has taken the port');
    expect(logged.join('\n')).not.toContain(before.password);
  });
});

describe('stop', () => {
  it('ends the server, and the next start has the data at the same URL', async () => {
    const redis = embedded();
    await redis.start();
    const url = redis.url;
    const pid = await pidOf(url);
    await ask(url, (client) => client.set('kept', 'yes'));
    await redis.stop();
    await redis.stop();
    await expect(pidOf(url)).rejects.toThrow(/closed/);
    await redis.start();
    expect(redis.url).toBe(url);
    expect(await pidOf(url)).not.toBe(pid);
    expect(await ask(url, (client) => client.get('kept'))).toBe('yes');
  });

  it('may come before start, and after the server died by itself', async () => {
    const redis = embedded();
    await redis.stop();
    await redis.start();
    const client = new Redis(redis.url, { retryStrategy: () => null });
    client.on('error', () => undefined);
    await client.ping();
    const gone = once(client, 'end');
    process.kill(await pidOf(redis.url), 'SIGKILL');
    await gone;
    await expect(redis.stop()).resolves.toBeUndefined();
  });
});
