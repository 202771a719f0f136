import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

type Arg = string | number | Buffer;

/** A Lua script over one key. Redis keeps what it has run: it is sent whole only where Redis does not know it (any more). */
export class RedisScript {
  readonly #lua: string;
  readonly #sha: string;

  constructor(lua: string) {
    this.#lua = lua;
    this.#sha = createHash('sha1').update(lua).digest('hex');
  }

  run(redis: Redis, key: string, ...args: Arg[]): Promise<unknown> {
    return this.#send((command, script) => redis.call(command, script, 1, key, ...args));
  }

  /** The same, with bytes for strings in the answer. */
  runForBytes(redis: Redis, key: string, ...args: Arg[]): Promise<unknown> {
    return this.#send((command, script) => redis.callBuffer(command, script, 1, key, ...args));
  }

  async #send(call: (command: string, script: string) => Promise<unknown>): Promise<unknown> {
    try {
      return await call('EVALSHA', this.#sha);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return call('EVAL', this.#lua);
    }
  }
}
