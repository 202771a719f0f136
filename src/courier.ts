import { writeFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { refuseOtherHosts } from './adapters/other-hosts.ts';
import { connectRedis } from './adapters/redis.ts';
import { refuseUnusableRedis } from './adapters/redis-policy.ts';
import { embeddedRedis } from './adapters/redis-server.ts';
import type { Config } from './config.ts';
import type { Logger } from './log.ts';
import { type Redactor, secretsOf } from './secret.ts';

/** How long it is waited for an answer of Redis, which may be starting. */
const ANSWER_MS = 10_000;

/** Where Redis is; `revive` where it is ours. */
interface RedisSource {
  url: string;
  revive: (() => Promise<void>) | null;
}

/** Yours where one is named, else our own, which an ordered stop ends. Its password is masked, and `ops` told where it is. */
export async function startRedis(
  config: Config,
  log: Logger,
  redactor: Redactor,
  stack: AsyncDisposableStack,
): Promise<RedisSource> {
  const source = config.redisUrl === null ? await ownRedis(config, log, stack) : { url: config.redisUrl, revive: null };
  redactor.learn(...secretsOf(source.url));
  writeFileSync(config.home.var.redisUrl, source.url, { mode: 0o600 });
  return source;
}

async function ownRedis({ baseEnv, home }: Config, log: Logger, stack: AsyncDisposableStack): Promise<RedisSource> {
  const server = embeddedRedis({ dir: home.var.redis, searchPath: baseEnv['PATH'] ?? '', log });
  await server.start();
  stack.defer(() => server.stop());
  return { url: server.url, revive: () => server.revive() };
}

/** The connection that everything uses but what blocks; `check` resolves where Redis can be used. */
export function openRedis({ url, revive }: RedisSource, config: Config, stack: AsyncDisposableStack) {
  const redis: Redis = stack.adopt(connectRedis(url), (connection) => connection.disconnect());
  const { queues, host } = config;
  const keys = { probe: queues.probe(host.name), control: queues.control };
  const check = async (): Promise<void> => {
    // Our own is started again where it died.
    if (redis.status !== 'ready') await revive?.();
    await refuseUnusableRedis(redis, keys, ANSWER_MS);
    await refuseOtherHosts(redis, config, ANSWER_MS);
  };
  return { redis, check };
}
