import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, vi } from 'vitest';
import { embeddedRedis } from '../../src/adapters/redis-server.ts';
import { isAlive } from './test-home.ts';

const LOG = { info: () => undefined, warn: () => undefined };

/** A Redis that is not the daemon's own; it may be ended and started again at its address. */
class OwnRedis implements AsyncDisposable {
  readonly #dir = mkdtempSync(join(tmpdir(), 'ops-own-redis-'));
  readonly #server = embeddedRedis({ dir: this.#dir, log: LOG });
  #admin: Redis | undefined;

  #pid = 0;

  /** Starts it, or starts it again after a `kill`. */
  async start(): Promise<void> {
    await (this.#pid === 0 ? this.#server.start() : this.#server.revive());
    this.#pid = Number(readFileSync(join(this.#dir, 'redis.pid'), 'utf8'));
  }

  get url(): string {
    return this.#server.url;
  }

  get pid(): number {
    return this.#pid;
  }

  /** A connection for the test. */
  get admin(): Redis {
    this.#admin ??= new Redis(this.url, { maxRetriesPerRequest: null }).on('error', () => undefined);
    return this.#admin;
  }

  async kill(): Promise<void> {
    if (isAlive(this.#pid)) process.kill(this.#pid, 'SIGKILL');
    await vi.waitFor(() => expect(isAlive(this.#pid)).toBe(false));
  }

  /** What it answered is in its file, so that a kill loses none of it: while the disk is busy it writes late. */
  async onDisk(): Promise<void> {
    await this.admin.config('SET', 'appendfsync', 'always');
    await this.admin.set('on-disk', 1);
  }

  /** A copy of all that it has by now. */
  async copy(): Promise<string> {
    await this.onDisk();
    const copy = join(this.#dir, 'copy');
    cpSync(this.#data, copy, { recursive: true });
    return copy;
  }

  /** Between `kill` and `start`: gives it what a copy holds; without one, nothing. */
  restore(copy?: string): void {
    rmSync(this.#data, { recursive: true, force: true });
    if (copy) cpSync(copy, this.#data, { recursive: true });
  }

  get #data(): string {
    return join(this.#dir, 'appendonlydir');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#admin?.disconnect();
    await this.kill();
    rmSync(this.#dir, { recursive: true });
  }
}

export async function ownRedis(): Promise<OwnRedis> {
  const redis = new OwnRedis();
  await redis.start();
  return redis;
}
