import { Redis } from 'ioredis';
import type { Logger } from '../log.ts';

/**
 * A connection that waits for Redis instead of failing: what it was asked is answered when Redis is back.
 * Errors are logged once a connection is lost, not once an attempt.
 */
export function connectRedis(url: string, log: Logger): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  let complained = false;
  redis.on('ready', () => {
    if (complained) log.info({}, 'Redis is back');
    complained = false;
  });
  redis.on('error', (error: Error) => {
    if (!complained) log.warn({ reason: error.message }, 'Redis cannot be reached; waiting for it');
    complained = true;
  });
  return redis;
}
