import type { Redis } from 'ioredis';
import type { Control, ControlStream, StreamEntry } from '../services/control.ts';
import type { Service } from '../services/ports.ts';
import { systemClock } from './clock.ts';

const START = '0-0';
const PAGE = 100;
/** How long one blocking read waits: a veto must end what runs within 5 s, also one that wakes nobody. */
const BLOCK_MS = 3_000;
/** After a reading that failed. */
const RETRY_MS = 1_000;

/** Reads from the entry at the cursor on: so one command tells too whether the stream is still the same one. */
export function controlStream(redis: Redis, key: string): ControlStream {
  const from = async (id: string) => (await redis.xrange(key, id, '+', 'COUNT', PAGE)).map(entryOf);
  return {
    after: async (cursor) => {
      const found = await from(cursor);
      if (cursor === START) return found;
      // Without the entry at the cursor it may be another stream: Redis was wiped or replaced.
      return found[0]?.id === cursor ? found.slice(1) : from(START);
    },
  };
}

/** Appends a token to the control stream; every host reads it. */
export async function sendControl(redis: Redis, key: string, token: string): Promise<void> {
  await redis.xadd(key, '*', 'token', token);
}

/** Has the control stream read as soon as something is added to it. */
export class ControlWatch implements Service {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #control: Pick<Control, 'catchUp'>;
  readonly #cursor: () => string;
  readonly #stopped = new AbortController();
  #started = false;

  /** `redis` is used by nobody else: it blocks. `cursor` is how far the stream was read. */
  constructor(redis: Redis, key: string, control: Pick<Control, 'catchUp'>, cursor: () => string) {
    this.#redis = redis;
    this.#key = key;
    this.#control = control;
    this.#cursor = cursor;
  }

  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    void this.#watch();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    // The loop is not waited for: without Redis its reading never ends.
    this.#redis.disconnect();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await this.#redis.xread('COUNT', 1, 'BLOCK', BLOCK_MS, 'STREAMS', this.#key, this.#cursor());
        // Also without news: in a stream that replaced ours what lies before the cursor wakes nobody.
        if (!signal.aborted) await this.#control.catchUp();
      } catch {
        await systemClock.wait(RETRY_MS, signal);
      }
    }
  }
}

function entryOf([id, flat]: [id: string, fields: string[]]): StreamEntry {
  const pairs = flat.flatMap((field, index) => (index % 2 === 0 ? [[field, flat[index + 1] ?? '']] : []));
  return { id, fields: Object.fromEntries(pairs) as Record<string, string> };
}
