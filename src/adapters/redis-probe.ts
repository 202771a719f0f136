import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import type { RedisSettings } from './redis-conf.ts';

/** What answers at the port: our server, nothing, or another program (or ours with another password). */
export type Finding = { state: 'ours'; pid: number; loading: boolean } | { state: 'absent' } | { state: 'foreign' };

const PATIENCE_MS = 2_000;

/** Ours is what knows our password and works in our folder. */
export async function probeRedis(dir: string, settings: RedisSettings): Promise<Finding> {
  const connection = connectOnce(settings);
  try {
    await connection.redis.connect();
    const [, works] = await connection.redis.config('GET', 'dir');
    const info = await connection.redis.info();
    if (works !== (await realpath(dir))) return { state: 'foreign' };
    return { state: 'ours', pid: Number(field(info, 'process_id')), loading: field(info, 'loading') !== '0' };
  } catch {
    return { state: connection.refused() ? 'absent' : 'foreign' };
  } finally {
    connection.redis.disconnect();
  }
}

/** The process that still works in this folder, although nothing of ours answers at the port. */
export async function silentServer(dir: string, port: number): Promise<number | undefined> {
  const pid = (await readFile(join(dir, 'redis.pid'), 'utf8').catch(() => '')).trim();
  if (!/^\d+$/.test(pid)) return undefined;
  const options = { reject: false, timeout: PATIENCE_MS, env: {}, extendEnv: false } as const;
  const { stdout } = await execa('ps', ['-o', 'command=', '-p', pid], options);
  return stdout?.includes('redis-server') && stdout.includes(`:${port}`) ? Number(pid) : undefined;
}

/**
 * Resolves when the server is gone: its end closes the connection that asked for it, after the append-only file is
 * written. Rejects with the server's reason if it refuses, e.g. on a full disk.
 */
export async function shutDownRedis(settings: RedisSettings): Promise<void> {
  const { redis, refused } = connectOnce(settings);
  const gone = new Promise((resolve) => redis.once('end', resolve));
  try {
    await redis.connect();
    await redis.call('SHUTDOWN').catch(refusedShutdown);
    await Promise.race([gone, tooLate()]);
  } catch (error) {
    if (!refused()) throw error;
  } finally {
    redis.disconnect();
  }
}

async function tooLate(): Promise<never> {
  await pause(5 * PATIENCE_MS, undefined, { ref: false });
  throw new Error(`it did not end within ${5 * PATIENCE_MS} ms`);
}

function refusedShutdown(error: Error): void {
  // Only the text goes on: an ioredis error carries its command's arguments, and AUTH has the password there.
  if (error.name === 'ReplyError') throw new Error(error.message);
}

function connectOnce({ port, password }: RedisSettings): { redis: Redis; refused: () => boolean } {
  const redis = new Redis({
    host: '127.0.0.1',
    port,
    password,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
  });
  let refused = false;
  redis.on('error', (error: NodeJS.ErrnoException) => {
    refused ||= error.code === 'ECONNREFUSED';
  });
  return { redis, refused: () => refused };
}

const field = (info: string, name: string): string | undefined =>
  new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
