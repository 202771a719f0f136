import type { Redis } from 'ioredis';
import { OpsError } from '../errors.ts';
import { systemClock } from './clock.ts';
import { RedisScript } from './redis-script.ts';

/** A write in a script, like all of BullMQ's. */
const WRITE = new RedisScript(`return redis.call('SET', KEYS[1], '1', 'PX', 60000)`);

export interface KeysToTry {
  /** Nobody else's. */
  probe: string;
  /** A stream. */
  control: string;
}

/** What to do about it, by the first word of what Redis says. */
const REMEDIES: Record<string, string> = {
  MISCONF: 'it cannot save to its disk: look at its log',
  NOAUTH: 'look at the user and the password in its URL',
  NOPERM: 'allow this user what it asks for',
  OOM: 'its memory is full: give it more (maxmemory), or remove what fills it',
  READONLY: 'it is a replica: give the URL of its primary, or make it one',
  WRONGPASS: 'look at the user and the password in its URL',
};

/**
 * Refuses a Redis that does not answer within `waitMs`, that refuses what is written to `probe` or who reads `control`,
 * that may drop queued tasks when its memory is full, or that does not say. @throws OpsError
 */
export async function refuseUnusableRedis(redis: Redis, keys: KeysToTry, waitMs: number): Promise<void> {
  const policy = await inTime(redis, waitMs, async () => {
    await WRITE.run(redis, keys.probe);
    await redis.xread('COUNT', 1, 'STREAMS', keys.control, '$');
    return policyOf(redis);
  });
  if (policy === 'noeviction') return;
  const reason =
    policy === undefined
      ? 'Redis does not tell its maxmemory-policy; allow this user CONFIG GET or INFO'
      : `Redis has maxmemory-policy ${policy}, and may drop queued tasks and reports`;
  throw new OpsError(`${reason}: set \`maxmemory-policy noeviction\` in its redis.conf (or CONFIG SET it)`);
}

/** A connection that waits for Redis never fails by itself: it only says why it does not get on. */
async function inTime<T>(redis: Redis, waitMs: number, ask: () => Promise<T>): Promise<T> {
  let why = `no answer within ${waitMs / 1000} s`;
  const onError = (error: Error) => {
    why = error.message;
  };
  redis.on('error', onError);
  const over = new AbortController();
  const late = systemClock.wait(waitMs, over.signal).then(() => {
    throw unreachable(redis, why);
  });
  try {
    return await Promise.race([ask().catch(refused), late]);
  } finally {
    redis.off('error', onError);
    late.catch(() => undefined);
    over.abort();
  }
}

function unreachable({ options: { host, port } }: Redis, why: string): OpsError {
  return new OpsError(`Redis at ${host}:${port} cannot be used (${why}): start it, or look at the URL you gave`);
}

function refused(error: Error): never {
  const [code = ''] = error.message.split(' ');
  throw new OpsError(`Redis refuses us (${error.message}): ${REMEDIES[code] ?? 'look at its log'}`, { cause: error });
}

async function policyOf(redis: Redis): Promise<string | undefined> {
  return (await reportedPolicy(redis)) ?? (await configuredPolicy(redis));
}

/** Asked first: CONFIG GET would tell passwords as well, so our own user may not use it. */
async function reportedPolicy(redis: Redis): Promise<string | undefined> {
  const info = await redis.info('memory').catch(undefinedIfDenied);
  return /^maxmemory_policy:([\w-]+)/m.exec(info ?? '')?.[1];
}

async function configuredPolicy(redis: Redis): Promise<string | undefined> {
  const reply = await redis.config('GET', 'maxmemory-policy').catch(undefinedIfDenied);
  return Array.isArray(reply) ? reply[1] : undefined;
}

function undefinedIfDenied(error: Error): undefined {
  if (error.name === 'ReplyError' && /^(NOPERM|ERR unknown command)/.test(error.message)) return undefined;
  throw error;
}
