import { existsSync, readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { keyRingFile } from '../adapters/etc-files.ts';
import { isHomeLocked } from '../adapters/home-lock.ts';
import type { Config } from '../config.ts';
import { coerceError } from '../errors.ts';
import { VERSION } from '../version.ts';
import { type Context, redisUrlOf } from './context.ts';
import { printData } from './terminal.ts';

/** `ops status`: what this host is doing, as far as it can be seen. */
export async function status(context: Context, options: { json?: boolean }): Promise<void> {
  const { config } = context;
  const { home, host, queues } = config;
  const ledger = context.ledgerIfAny;
  printData(
    {
      version: VERSION,
      host: host.name,
      ...daemonStatus(config),
      ...(await redisStatus(context)),
      prefix: queues.prefix,
      dashboard: null,
      config: home.etc.ops,
      home: home.root,
      logs: home.var.log,
      keys: keysOf(home.etc.keyring),
      running: ledger?.openTasks().map(({ task }) => task.task_id) ?? [],
      held: ledger?.held().map(({ task_id, missing }) => `${task_id} (${missing.join(', ')})`) ?? [],
      alerts: ledger?.alerts() ?? [],
    },
    options,
  );
}

function daemonStatus({ home }: Config) {
  if (!isHomeLocked(home.var.lock)) {
    return { pid: null, state: 'stopped', reason: 'no daemon holds this home; start it with "ops up"' };
  }
  if (!existsSync(home.var.daemon)) return { pid: null, state: 'starting', reason: 'it takes no tasks yet' };
  const { pid } = JSON.parse(readFileSync(home.var.daemon, 'utf8')) as { pid: number };
  return { pid, state: 'running', reason: null };
}

function keysOf(path: string): string[] {
  if (!existsSync(path)) return [];
  return keyRingFile(path)
    .current()
    .keys.map(({ role, principal }) => `${role}: ${principal}`);
}

async function redisStatus(context: Context) {
  try {
    const redis = await context.redis();
    const { host } = new URL(redisUrlOf(context.config));
    return {
      redis: `${host} (ready)`,
      queues: await queueCounts(context),
      elsewhere: await otherPrefixes(context, redis),
    };
  } catch (error) {
    return { redis: coerceError(error).message, queues: {}, elsewhere: [] };
  }
}

async function queueCounts(context: Context): Promise<Record<string, Record<string, number>>> {
  const { queues, host } = context.config;
  const names = [queues.tasks, queues.hostTasks(host.name), queues.results, queues.alerts];
  const counts = names.map(async (name) => {
    const all = await (await context.queue(name)).getJobCounts('waiting', 'active', 'delayed', 'completed', 'failed');
    return [name, all] as const;
  });
  return Object.fromEntries(await Promise.all(counts));
}

/** Prefixes under which there is a queue of our name too: tasks sent there reach nobody. */
async function otherPrefixes({ config }: Context, redis: Redis): Promise<string[]> {
  const { prefix, tasks } = config.queues;
  const found: string[] = [];
  for await (const keys of redis.scanStream({ match: `*:${tasks}:meta`, count: 1000 }))
    found.push(...(keys as string[]));
  return found.map((key) => key.slice(0, -`:${tasks}:meta`.length)).filter((other) => other !== prefix);
}
