import { Redis } from 'ioredis';

/** Longer than any blocking read, of which BullMQ's take up to 10 s: who owes an answer for so long is not there. */
const SILENCE_MS = 20_000;

/**
 * A connection that waits for Redis instead of failing: what it was asked is answered when Redis is back, or refused by
 * it. Of a loss nothing is logged here: the breaker tells it, once for all connections.
 */
export function connectRedis(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null, socketTimeout: SILENCE_MS });
  redis.on('error', () => undefined);
  return redis;
}
