import type { Redis } from 'ioredis';
import { OpsError } from '../errors.ts';

/** Refuses a Redis that may drop queued tasks when its memory is full, or that does not say. */
export async function refuseEvictingRedis(redis: Redis): Promise<void> {
  const policy = await policyOf(redis);
  if (policy === 'noeviction') return;
  const reason =
    policy === undefined
      ? 'Redis does not tell its maxmemory-policy; allow this user CONFIG GET or INFO'
      : `Redis has maxmemory-policy ${policy}, and may drop queued tasks and reports`;
  throw new OpsError(`${reason}: set \`maxmemory-policy noeviction\` in its redis.conf (or CONFIG SET it)`);
}

async function policyOf(redis: Redis): Promise<string | undefined> {
  try {
    return (await configuredPolicy(redis)) ?? (await reportedPolicy(redis));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OpsError(`Redis refuses us (${why}): look at the user and the password in REDIS_URL`, { cause: error });
  }
}

/** Undefined where CONFIG is not for us: forbidden by an ACL, or taken away by a hosting provider. */
async function configuredPolicy(redis: Redis): Promise<string | undefined> {
  const reply = await redis.config('GET', 'maxmemory-policy').catch(undefinedIfDenied);
  return Array.isArray(reply) ? reply[1] : undefined;
}

async function reportedPolicy(redis: Redis): Promise<string | undefined> {
  const info = await redis.info('memory').catch(undefinedIfDenied);
  return /^maxmemory_policy:([\w-]+)/m.exec(info ?? '')?.[1];
}

function undefinedIfDenied(error: Error): undefined {
  if (error.name === 'ReplyError' && /^(NOPERM|ERR unknown command)/.test(error.message)) return undefined;
  throw error;
}
