import type { Redis } from 'ioredis';
import type { Config } from '../config.ts';
import type { QueueNames } from '../contract/queues.ts';
import { coerceError, OpsError } from '../errors.ts';
import { systemClock } from './clock.ts';

/** Keys that one SCAN looks at: a millisecond or two of Redis. */
const PAGE = 10_000;

/**
 * A host that takes tasks for any host refuses a Redis in which another one has published: such a task could be replayed
 * there. It looks for `waitMs` at most. Of a cluster only that node is asked which has the keys of Ops: the braces in
 * their prefix keep them together.
 * @throws OpsError that says what to set, also where it cannot be seen.
 */
export async function refuseOtherHosts(redis: Redis, { host, queues, home }: Config, waitMs: number): Promise<void> {
  if (!host.sole) return;
  const over = new AbortController();
  const late = systemClock.wait(waitMs, over.signal).then(() => unseen(`no end within ${waitMs / 1000} s`));
  const problem = await Promise.race([problemIn(redis, queues, host.name, over.signal), late]);
  over.abort();
  if (problem === null) return;
  throw new OpsError(`${problem}: set sole_host: false in ${home.etc.ops}, with which every task names its host`);
}

async function problemIn(
  redis: Redis,
  { published }: QueueNames,
  own: string,
  signal: AbortSignal,
): Promise<string | null> {
  const pattern = `${published('').replaceAll(/[*?[\]\\]/g, String.raw`\$&`)}*`;
  let cursor = '0';
  try {
    do {
      const [next, marks] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', PAGE);
      const other = marks.find((mark) => mark !== published(own));
      if (other !== undefined)
        return `another host uses this Redis (it has ${other}; if that host is gone for good, remove the key)`;
      cursor = next;
    } while (cursor !== '0' && !signal.aborted);
    return null;
  } catch (error) {
    return unseen(coerceError(error).message);
  }
}

const unseen = (why: string): string => `Redis does not show whether other hosts use it (SCAN: ${why})`;
