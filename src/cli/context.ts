import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { systemClock } from '../adapters/clock.ts';
import { openLedger } from '../adapters/ledger/index.ts';
import { type Config, loadConfig } from '../config.ts';
import { coerceError, OpsError } from '../errors.ts';
import type { Ledger } from '../services/ledger.ts';
import { becomeOwner } from './become.ts';

/** What a verb works with: opened when first asked for, closed when the verb has ended. */
export class Context implements AsyncDisposable {
  readonly config: Config;
  readonly clock = systemClock;
  readonly #stack = new AsyncDisposableStack();
  #ledger: Ledger | undefined;
  #redis: Promise<Redis> | undefined;

  constructor(home: string | undefined) {
    this.config = loadConfig(home);
  }

  /** The ledger, for reading only. */
  get ledger(): Ledger {
    becomeOwner(this.config.home);
    const open = () => openLedger(this.config.home.var.ledger, systemClock, { readOnly: true });
    this.#ledger ??= this.#stack.adopt(open(), (ledger) => ledger.close());
    return this.#ledger;
  }

  /** The ledger, or nothing where the daemon has never run. */
  get ledgerIfAny(): Ledger | undefined {
    becomeOwner(this.config.home);
    try {
      return this.ledger;
    } catch {
      return undefined;
    }
  }

  redis(): Promise<Redis> {
    becomeOwner(this.config.home);
    this.#redis ??= connect(redisUrlOf(this.config)).then((redis) => this.#stack.adopt(redis, (it) => it.disconnect()));
    return this.#redis;
  }

  async queue(name: string): Promise<Queue> {
    const queue = new Queue(name, { connection: await this.redis(), prefix: this.config.queues.prefix });
    return this.#stack.adopt(queue, (it) => it.close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** The Redis of the environment, or the one that the daemon of this home uses. */
export function redisUrlOf({ redisUrl, home }: Config): string {
  if (redisUrl !== null) return redisUrl;
  try {
    return readFileSync(home.var.redisUrl, 'utf8').trim();
  } catch (error) {
    throw new OpsError('there is no Redis yet: start the daemon with "ops up", or set REDIS_URL', { cause: error });
  }
}

async function connect(url: string): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return redis;
  } catch (error) {
    redis.disconnect();
    const { host } = new URL(url);
    throw new OpsError(
      `Redis at ${host} cannot be reached (${coerceError(error).message}): start the daemon with "ops up"`,
    );
  }
}

/** @throws OpsError naming the file that cannot be read. */
export async function readInput(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new OpsError(`cannot read ${path}: ${coerceError(error).message}`);
  });
}
