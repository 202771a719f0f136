import type { Redis } from 'ioredis';
import type { Control, ControlStream, StreamEntry } from '../services/control.ts';
import type { Service } from '../services/ports.ts';
import { systemClock } from './clock.ts';

const PAGE = 100;
/** How long one blocking read waits; it only bounds how late a stop is noticed by Redis. */
const BLOCK_MS = 10_000;
/** After a reading that failed. */
const RETRY_MS = 1_000;

export function controlStream(redis: Redis, key: string): ControlStream {
  const read = async (cursor: string) => entriesOf(await redis.xread('COUNT', PAGE, 'STREAMS', key, cursor));
  return {
    after: async (cursor) => {
      const [entries, [newest]] = await Promise.all([read(cursor), redis.xrevrange(key, '+', '-', 'COUNT', 1)]);
      // A stream that ends before the cursor is another one: Redis was wiped or replaced.
      return newest && isBefore(newest[0], cursor) ? read('0-0') : entries;
    },
  };
}

function isBefore(id: string, other: string): boolean {
  const [ms, seq] = id.split('-').map(BigInt);
  const [otherMs, otherSeq] = other.split('-').map(BigInt);
  return ms === otherMs ? (seq ?? 0n) < (otherSeq ?? 0n) : (ms ?? 0n) < (otherMs ?? 0n);
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
        const news = await this.#redis.xread('COUNT', 1, 'BLOCK', BLOCK_MS, 'STREAMS', this.#key, this.#cursor());
        if (news && !signal.aborted) await this.#control.catchUp();
      } catch {
        await systemClock.wait(RETRY_MS, signal);
      }
    }
  }
}

type XRead = [key: string, items: [id: string, fields: string[]][]][] | null;

function entriesOf(reply: XRead): StreamEntry[] {
  return (reply?.[0]?.[1] ?? []).map(([id, flat]) => {
    const pairs = flat.flatMap((field, index) => (index % 2 === 0 ? [[field, flat[index + 1] ?? '']] : []));
    return { id, fields: Object.fromEntries(pairs) as Record<string, string> };
  });
}
