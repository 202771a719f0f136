import { existsSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { daemonOf } from '../adapters/daemon-state.ts';
import { keyRingFile } from '../adapters/etc-files.ts';
import type { Pause } from '../admission/facts.ts';
import { homeOf } from '../config.ts';
import { utcTime } from '../contract/names.ts';
import { coerceError, OpsError } from '../errors.ts';
import { becomeOwner } from './become.ts';
import { Context, redisUrlOf } from './context.ts';
import { attentionTo, cronsOf } from './cron-sources.ts';
import { printData } from './terminal.ts';

/** `ops status`: what this host is doing, as far as it can be seen. */
export async function status(root: string | undefined, options: { json?: boolean }): Promise<void> {
  const home = homeOf(root);
  becomeOwner(home);
  const about = { ...daemonOf(home), home: home.root, config: home.etc.ops, logs: home.var.log };
  printData({ ...about, ...(await hostStatus(root)) }, options);
}

/** What needs a usable configuration; without one, why there is none. */
async function hostStatus(root: string | undefined) {
  try {
    await using context = new Context(root);
    const { config, clock, ledgerIfAny: ledger } = context;
    return {
      host: config.host.name,
      ...(await redisStatus(context)),
      prefix: config.queues.prefix,
      keys: keysOf(config.home.etc.keyring),
      running: ledger?.openTasks().map(({ task }) => task.task_id) ?? [],
      held: ledger?.held().map(({ task_id, missing }) => `${task_id} (${missing.join(', ')})`) ?? [],
      paused: ledger?.pauses(clock.now()).map(inWords) ?? [],
      schedules: schedulesStatus(context),
      alerts: ledger?.alerts() ?? [],
    };
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    return { problem: error.message };
  }
}

function schedulesStatus(context: Context) {
  const crons = cronsOf(context);
  const coming = crons.flatMap(({ view }) => (view?.nextAt ? [view] : []));
  const next = coming.toSorted((a, b) => (a.nextAt ?? 0) - (b.nextAt ?? 0))[0];
  return {
    defined: crons.filter(({ view }) => view !== null).length,
    next_due: next?.nextAt ? `${next.record.name} at ${utcTime(next.nextAt)}` : null,
    need_attention: crons.flatMap((cron) => {
      const why = attentionTo(cron);
      return why === null ? [] : [`${cron.name} (${why})`];
    }),
  };
}

function inWords({ target, by, until, reason }: Pause): string {
  return `${target} by ${by} until ${utcTime(until)}: ${reason}`;
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
