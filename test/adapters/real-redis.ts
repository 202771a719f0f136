import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { freshSettings } from '../../src/adapters/redis-port.ts';
import { findRedisServer } from '../../src/adapters/redis-program.ts';

export interface RealRedis {
  url: string;
  /** A connection for the test, closed at its end. */
  connect(): Redis;
  /** Has something closed at the end of the test, in reverse order. */
  later<T extends { close(): Promise<unknown> }>(it: T): T;
}

/** A redis-server of its own for a file of tests, emptied after each of them. */
export function realRedis(): RealRedis {
  const closings: (() => unknown)[] = [];
  let url = '';
  let folder = '';
  let server: ReturnType<typeof spawn> | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ops-redis-'));
    const { port } = await freshSettings();
    const program = await findRedisServer(process.env['PATH']);
    const options = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no' };
    const argv = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const started = spawn(program, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    server = started;
    for await (const chunk of started.stdout) if (String(chunk).includes('Ready to accept')) break;
    url = `redis://127.0.0.1:${port}`;
  });

  afterEach(async () => {
    for (const close of closings.splice(0).toReversed()) await close();
    const redis = new Redis(url);
    await redis.flushall();
    await redis.quit();
  });

  afterAll(async () => {
    if (server?.exitCode === null) {
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
    }
    await rm(folder, { recursive: true, force: true });
  });

  return {
    get url() {
      return url;
    },
    connect: () => {
      const redis = new Redis(url, { maxRetriesPerRequest: null });
      redis.on('error', () => undefined);
      closings.push(() => redis.disconnect());
      return redis;
    },
    later: (it) => {
      closings.push(() => it.close());
      return it;
    },
  };
}
