import type { Redis } from 'ioredis';
import type { Control, ControlStream } from '../services/control.ts';
import type { Service } from '../services/ports.ts';
import type { StreamEntry } from '../services/statements.ts';
import { systemClock } from './clock.ts';
import { RedisScript } from './redis-script.ts';

const START = '0-0';
/** More than the largest token and the name of its field. */
const ENTRY_MAX_BYTES = 33 * 1024;
/** How long one blocking read waits: a veto must end what runs within 5 s, also one that wakes nobody. */
const BLOCK_MS = 3_000;
/** After a reading that failed. */
const RETRY_MS = 1_000;

/**
 * KEYS[1] the stream, ARGV[1] the first id: at most 100 entries from there on. Anybody who reaches Redis can add an entry
 * of any size: of one that is larger than every token nothing but its id comes out of Redis. And of any id: after the
 * largest one there is no id to read from, so each is read after the one before it.
 */
const READ = new RedisScript(`
local entries, entry = {}, redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', 1)[1]
while entry do
  local size = 0
  for _, part in ipairs(entry[2]) do size = size + #part end
  entries[#entries + 1] = { entry[1], size <= ${ENTRY_MAX_BYTES} and entry[2] or {} }
  local more = #entries < 100 and redis.call('XREAD', 'COUNT', 1, 'STREAMS', KEYS[1], entry[1])
  entry = more and more[1][2][1]
end
return entries`);

/** KEYS[1] the stream, ARGV[1] which must be its last entry ('0-0' for none), then tokens; 1 if they were added. */
const APPEND = new RedisScript(`
local found = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', 2)
if #found ~= (ARGV[1] == '${START}' and 0 or 1) or (found[1] and found[1][1] ~= ARGV[1]) then return 0 end
for n = 2, #ARGV do redis.call('XADD', KEYS[1], '*', 'token', ARGV[n]) end
return 1`);

/** Reads from the entry at the cursor on: so one command tells too whether the stream is still the same one. */
export function controlStream(redis: Redis, key: string): ControlStream {
  return {
    after: async (cursor) => {
      const reply = (await READ.run(redis, key, cursor)) as [id: string, fields: string[]][];
      const found = reply.map(entryOf);
      if (cursor === START) return found;
      return found[0]?.id === cursor ? found.slice(1) : null;
    },
    append: async (tokens, last) => (await APPEND.run(redis, key, last, ...tokens)) === 1,
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
