import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { OpsError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Service } from '../services/ports.ts';
import { makePrivateFolder, type RedisSettings, readSettings, redisUrl, writeSettings } from './redis-conf.ts';
import { freshSettings, isFree } from './redis-port.ts';
import { probeRedis, shutDownRedis, silentServer } from './redis-probe.ts';
import { findRedisServer } from './redis-program.ts';

export interface EmbeddedRedisOptions {
  /** Its own folder, `<home>/var/redis`. */
  dir: string;
  /** PATH, looked through first for redis-server. */
  searchPath?: string;
  log: Pick<Logger, 'info' | 'warn'>;
}

/** `url` holds the password, and may be read once it has started. */
export type EmbeddedRedis = Service & {
  readonly url: string;
  /** Starts it again if it died while it should run. @throws OpsError where it cannot have its old address again. */
  revive(): Promise<void>;
};

const ATTEMPTS = 5;
const START_MS = 15_000;
const POLL_MS = 20;

/** Our own redis-server: adopted if it still runs, started otherwise, ended only by `stop`. */
export function embeddedRedis(options: EmbeddedRedisOptions): EmbeddedRedis {
  let running: RedisSettings | undefined;
  let reviving: Promise<void> | undefined;
  return {
    revive() {
      reviving ??= revived(options, running).finally(() => {
        reviving = undefined;
      });
      return reviving;
    },
    get url() {
      if (!running) throw new Error('the embedded Redis has not started');
      return redisUrl(running);
    },
    async start() {
      running ??= await adoptOrLaunch(options);
    },
    async stop() {
      if (!running) return;
      await shutDown(options.dir, running);
      running = undefined;
      options.log.info({}, 'the embedded Redis has ended');
    },
  };
}

async function revived(options: EmbeddedRedisOptions, before: RedisSettings | undefined): Promise<void> {
  if (!before) return;
  const after = await adoptOrLaunch(options);
  if (redisUrl(after) === redisUrl(before)) return;
  throw new OpsError('the port of the embedded Redis was taken while it was down: start the daemon again');
}

async function adoptOrLaunch(options: EmbeddedRedisOptions): Promise<RedisSettings> {
  const { dir, log } = options;
  await makePrivateFolder(dir);
  const kept = readSettings(dir);
  if (!kept) return launch(options, await freshSettings());
  const pid = await answering(dir, kept);
  if (pid !== undefined) {
    log.info({ detail: { pid, port: kept.port } }, 'adopted the Redis that was still running');
    return kept;
  }
  await refuseSilentServer(dir, kept.port);
  if (await isFree(kept.port)) return launch(options, kept);
  log.warn(
    { detail: { port: kept.port } },
    'another program has taken the port of the embedded Redis: choosing a new one',
  );
  return launch(options, await freshSettings());
}

/** Two servers on one append-only file would destroy it. */
async function refuseSilentServer(dir: string, port: number): Promise<void> {
  const pid = await silentServer(dir, port);
  if (pid === undefined) return;
  throw new OpsError(`redis-server (pid ${pid}) works in ${dir} and does not answer: end it with kill ${pid}`);
}

async function launch(options: EmbeddedRedisOptions, first: RedisSettings): Promise<RedisSettings> {
  const { dir, log } = options;
  const program = await findRedisServer(options.searchPath);
  let settings = first;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    await writeSettings(dir, settings);
    const child = spawnServer(program, dir);
    const pid = await answering(dir, settings, child);
    if (pid !== undefined) {
      log.info({ detail: { pid, port: settings.port } }, 'started the embedded Redis');
      return settings;
    }
    if (await isFree(settings.port)) break;
    settings = await freshSettings();
  }
  throw new OpsError(`redis-server does not start: see the end of ${join(dir, 'redis.log')}`);
}

/** The password reaches it in `redis.conf` only; nothing of our environment does. It outlives us. */
function spawnServer(program: string, dir: string): ChildProcess {
  const argv = ['-c', 'umask 077; exec "$0" "$1"', program, join(dir, 'redis.conf')];
  const child = spawn('/bin/sh', argv, { cwd: dir, env: {}, detached: true, stdio: 'ignore' });
  child.on('error', () => undefined);
  child.unref();
  return child;
}

/**
 * The pid of our server, once it serves. Waits while it loads its data; waits for a `child` to answer, too.
 * Undefined where nothing of ours is there (any more).
 */
async function answering(dir: string, settings: RedisSettings, child?: ChildProcess): Promise<number | undefined> {
  const patience = AbortSignal.timeout(START_MS);
  for (;;) {
    const found = await probeRedis(dir, settings);
    if (found.state === 'ours' && !found.loading) return found.pid;
    const mayCome = found.state === 'ours' || (child && isAlive(child) && !patience.aborted);
    if (!mayCome) break;
    await pause(POLL_MS);
  }
  if (child && isAlive(child)) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  return undefined;
}

const isAlive = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;

async function shutDown(dir: string, settings: RedisSettings): Promise<void> {
  // Whoever sits at that port now may be a stranger: he gets no order.
  const found = await probeRedis(dir, settings);
  if (found.state !== 'ours') return refuseSilentServer(dir, settings.port);
  await shutDownRedis(settings).catch((error: Error) => {
    throw new OpsError(`redis-server (pid ${found.pid}) does not end, and goes on: ${error.message}`);
  });
}
