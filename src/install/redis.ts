import { readFile } from 'node:fs/promises';
import { systemClock } from '../adapters/clock.ts';
import { type RedisSettings, readSettings, redisUrl, writeSettings } from '../adapters/redis-conf.ts';
import { freshSettings } from '../adapters/redis-port.ts';
import { probeRedis } from '../adapters/redis-probe.ts';
import { findRedisServer } from '../adapters/redis-program.ts';
import { OpsError } from '../errors.ts';
import { type Access, hasAccess, programFile } from './files.ts';
import type { Layout } from './layout.ts';
import { renderPlist, serviceStage, takeOutRunning } from './services.ts';
import type { Stage } from './stage.ts';

const ANSWER_MS = 30_000;
const POLL_MS = 200;

/** Which Redis an installation uses: yours by its URL, or its own, under launchd. */
export type RedisChoice = { url: string } | { server: string };

/** REDIS_URL of now, else what an earlier install was given, else one of its own. @throws OpsError without redis-server. */
export async function chooseRedis(
  { redisUrl: given, searchPath }: { redisUrl: string | null; searchPath: string },
  layout: Layout,
): Promise<RedisChoice> {
  const url = given ?? ((await isOwnUrl(layout)) ? '' : await keptUrl(layout));
  return url ? { url } : { server: await findRedisServer(searchPath) };
}

/** Whether `etc/redis-url` names the Redis in `var`: without that it would lead nowhere. */
export async function isOwnUrl(layout: Layout): Promise<boolean> {
  const own = readSettings(layout.home.var.redis);
  return own !== undefined && redisUrl(own) === (await keptUrl(layout));
}

async function keptUrl({ home }: Layout): Promise<string> {
  return (await readFile(home.etc.redisUrl, 'utf8').catch(() => '')).trim();
}

/** `redis.conf` with a port and a password of its own; made once. */
export function redisConfStage({ home }: Layout): Stage {
  return {
    what: `${home.var.redis}/redis.conf, with a password`,
    isDone: () => readSettings(home.var.redis) !== undefined,
    make: async () => writeSettings(home.var.redis, await freshSettings()),
  };
}

/** The one file that says where Redis is: the URL holds a password, so it stands in no plist. */
export function redisUrlStage(layout: Layout, access: Access, choice: RedisChoice): Stage {
  const file = async () => programFile(layout.home.etc.redisUrl, access, `${await urlOf(layout, choice)}\n`);
  return {
    what: `${layout.home.etc.redisUrl} (for root and the daemon, who reads it when it starts)`,
    isDone: async () => hasAccess(layout.home.etc.redisUrl, access) && (await file()).isDone(),
    async make() {
      await takeOutRunning('ops', layout);
      await (await file()).make();
    },
  };
}

async function urlOf(layout: Layout, choice: RedisChoice): Promise<string> {
  return 'url' in choice ? choice.url : redisUrl(await settingsOf(layout));
}

async function settingsOf({ home }: Layout): Promise<RedisSettings> {
  const settings = readSettings(home.var.redis);
  if (!settings) throw new OpsError(`${home.var.redis}/redis.conf cannot be used: move it away and run this again`);
  return settings;
}

/** Our own Redis under launchd, answering. */
export function redisServiceStage(layout: Layout, server: string): Stage {
  const service = serviceStage('redis', layout, renderPlist('redis', layout, server));
  return {
    ...service,
    async make() {
      await service.make();
      await answering(layout);
    },
  };
}

async function answering(layout: Layout): Promise<void> {
  const settings = await settingsOf(layout);
  const patience = AbortSignal.timeout(ANSWER_MS);
  for (;;) {
    const found = await probeRedis(layout.home.var.redis, settings);
    if (found.state === 'ours' && !found.loading) return;
    if (patience.aborted) break;
    await systemClock.wait(POLL_MS);
  }
  throw new OpsError(
    `redis-server does not answer: see ${layout.home.var.redis}/redis.log and var/log/launchd-redis.log`,
  );
}
