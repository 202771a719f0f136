import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { embeddedRedis } from '../../src/adapters/redis-server.ts';
import { isAlive } from './test-home.ts';

/** A Redis that is not the daemon's own. */
export async function ownRedis() {
  const dir = mkdtempSync(join(tmpdir(), 'ops-own-redis-'));
  const server = embeddedRedis({ dir, log: { info: () => undefined, warn: () => undefined } });
  await server.start();
  const pid = Number(readFileSync(join(dir, 'redis.pid'), 'utf8'));
  const end = async () => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
    rmSync(dir, { recursive: true });
  };
  return { url: server.url, pid, [Symbol.asyncDispose]: end };
}
