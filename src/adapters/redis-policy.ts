import type { Redis } from 'ioredis';
import { OpsError } from '../errors.ts';
import { systemClock } from './clock.ts';

/**
 * Refuses a Redis that does not answer within `waitMs`, that may drop queued tasks when its memory is full, or that
 * does not say. @throws OpsError
 */
export async function refuseUnusableRedis(redis: Redis, waitMs: number): Promise<void> {
  const policy = await answerOf(redis, waitMs);
  if (policy === 'noeviction') return;
  const reason =
    policy === undefined
      ? 'Redis does not tell its maxmemory-policy; allow this user CONFIG GET or INFO'
      : `Redis has maxmemory-policy ${policy}, and may drop queued tasks and reports`;
  throw new OpsError(`${reason}: set \`maxmemory-policy noeviction\` in its redis.conf (or CONFIG SET it)`);
}

/** A connection that waits for Redis never fails by itself: it only says why it does not get on. */
async function answerOf(redis: Redis, waitMs: number): Promise<string | undefined> {
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
    return await Promise.race([policyOf(redis), late]);
  } finally {
    redis.off('error', onError);
    late.catch(() => undefined);
    over.abort();
  }
}

function unreachable({ options: { host, port } }: Redis, why: string): OpsError {
  return new OpsError(`Redis at ${host}:${port} cannot be used (${why}): start it, or look at the URL you gave`);
}

async function policyOf(redis: Redis): Promise<string | undefined> {
  try {
    return (await reportedPolicy(redis)) ?? (await configuredPolicy(redis));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OpsError(`Redis refuses us (${why}): look at the user and the password in its URL`, { cause: error });
  }
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
