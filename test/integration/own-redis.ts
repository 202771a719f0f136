import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, vi } from 'vitest';
import { embeddedRedis } from '../../src/adapters/redis-server.ts';
import { isAlive } from './test-home.ts';

const LOG = { info: () => undefined, warn: () => undefined };

/** A Redis that is not the daemon's own; it may be ended and started again at its address. */
export class OwnRedis implements AsyncDisposable {
  readonly #dir = mkdtempSync(join(tmpdir(), 'ops-own-redis-'));
  readonly #server = embeddedRedis({ dir: this.#dir, log: LOG });
  #admin: Redis | undefined;

  static async start(): Promise<OwnRedis> {
    const redis = new OwnRedis();
    await redis.#server.start();
    return redis;
  }

  get url(): string {
    return this.#server.url;
  }

  get pid(): number {
    return Number(readFileSync(join(this.#dir, 'redis.pid'), 'utf8'));
  }

  /** A connection for the test. */
  get admin(): Redis {
    this.#admin ??= new Redis(this.url, { maxRetriesPerRequest: null }).on('error', () => undefined);
    return this.#admin;
  }

  async kill(): Promise<void> {
    const { pid } = this;
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
  }

  /** Starts it again after a `kill`. */
  async startAgain(): Promise<void> {
    await this.#server.revive();
  }

  /** All that it has written so far; `restore` brings it back, and without a copy nothing. */
  async copy(): Promise<string> {
    // Its file is written to once a second.
    await this.admin.call('WAITAOF', 1, 0, 0).catch(() => this.admin.bgrewriteaof());
    const copy = `${this.#dir}/copy`;
    cpSync(this.#data, copy, { recursive: true });
    return copy;
  }

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
