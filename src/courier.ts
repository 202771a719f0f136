import type { Redis } from 'ioredis';
import { connectRedis } from './adapters/redis.ts';
import { embeddedRedis } from './adapters/redis-server.ts';
import type { Config } from './config.ts';
import { coerceError } from './errors.ts';
import type { Logger } from './log.ts';

/** Where Redis is; `revive` where it is ours. */
interface RedisSource {
  url: string;
  revive: (() => Promise<void>) | null;
}

/** Yours where one is named, else our own, which an ordered stop ends. */
export async function startRedis(config: Config, log: Logger, stack: AsyncDisposableStack): Promise<RedisSource> {
  if (config.redisUrl !== null) return { url: config.redisUrl, revive: null };
  const searchPath = config.baseEnv['PATH'] ?? '';
  const server = embeddedRedis({ dir: config.home.var.redis, searchPath, log });
  await server.start();
  stack.defer(() => server.stop());
  return { url: server.url, revive: () => server.revive() };
}

/** The connection that everything but the workers uses. Our own Redis is started again when it dies. */
export function openRedis({ url, revive }: RedisSource, log: Logger, stack: AsyncDisposableStack): Redis {
  const redis = stack.adopt(connectRedis(url, log), (connection) => connection.disconnect());
  if (revive === null) return redis;
  const onClose = () => {
    revive().catch((error: unknown) => log.error({ reason: coerceError(error).message }, 'the embedded Redis is down'));
  };
  redis.on('close', onClose);
  stack.defer(() => void redis.off('close', onClose));
  return redis;
}
