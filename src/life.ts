import { systemClock } from './adapters/clock.ts';
import { StateFile } from './adapters/daemon-state.ts';
import { lockHome } from './adapters/home-lock.ts';
import { LogFile } from './adapters/log-file.ts';
import { type Config, type Home, loadConfig } from './config.ts';
import { type Daemon, type Secrets, startDaemon } from './daemon.ts';
import { type Dashboard, openDashboard } from './dashboard/index.ts';
import { coerceError, HomeInUseError, OpsError } from './errors.ts';
import { createLogger, type Logger } from './log.ts';
import { readable } from './log-text.ts';
import type { Orders } from './orders.ts';
import { Redactor } from './secret.ts';
import { VERSION } from './version.ts';

/** How long safe mode waits before it tries again. */
const AGAIN_MS = 30_000;
/** launchd kills at 45 s. */
const STOP_MS = 40_000;
const CRASHED = 'the daemon cannot go on';

/** What stays from the first attempt to start until the end. */
interface Ground {
  log: Logger & { level: string };
  state: StateFile;
  secrets: Secrets;
  /** Null where the configuration wants none, or it could not be opened. */
  dashboard?: Dashboard | null;
}

/**
 * The daemon's life in a home, until it is told to end. What it cannot start with is said, and tried again: this is
 * safe mode, for a supervisor's crash loop would mend nothing.
 * @throws HomeInUseError, and whatever broke a daemon that was ready.
 */
export async function live(home: Home, orders: Orders): Promise<void> {
  await using stack = new AsyncDisposableStack();
  let ground: Ground | undefined;
  let reason: string | undefined;
  while (orders.exitCode === null) {
    try {
      ground ??= settle(home, stack);
      const daemon = await Promise.race([start(home, ground, orders, stack), orders.given]);
      // Told to end while it starts: nothing was begun that the next start could not find.
      if (daemon) await work(daemon, ground, orders);
    } catch (error) {
      if (ground?.state.current.state === 'ready' || error instanceof HomeInUseError) throw error;
      reason = enterSafeMode(error, reason, ground);
      await Promise.race([systemClock.wait(AGAIN_MS), orders.given]);
    }
  }
}

/** Takes the home for this process alone. */
function settle(home: Home, stack: AsyncDisposableStack): Ground {
  const lock = lockHome(home.var.lock);
  try {
    const secrets = { redactor: new Redactor([]) };
    const log = createLogger({ sinks: sinksOf(home.var.log), redactor: () => secrets.redactor });
    const first = { pid: process.pid, version: VERSION, state: 'starting', reason: null, dashboard: null } as const;
    const state = new StateFile(home.var.daemon, first);
    // Node goes on to print it, and ends with 1.
    process.on('uncaughtExceptionMonitor', (error) => log.fatal({ reason: textOf(error) }, CRASHED));
    stack.use(lock);
    stack.use(state);
    return { log, state, secrets };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** The log is a file; who started the daemon in a terminal sees it there, too. */
function sinksOf(path: string): ((line: string) => void)[] {
  const file = new LogFile(path, systemClock);
  return [(line) => file.write(line), ...(process.stdout.isTTY ? [show] : [])];
}

function show(line: string): void {
  process.stdout.write(`${readable(line)}\n`);
}

async function start(home: Home, ground: Ground, { urgent }: Orders, stack: AsyncDisposableStack): Promise<Daemon> {
  const config = loadConfig(home.root);
  const { log, secrets } = ground;
  log.level = config.logLevel;
  if (ground.dashboard === undefined) ground.dashboard = stack.use(await dashboardOf(config, ground));
  return startDaemon(config, { log, secrets, urgent, show: (sources) => ground.dashboard?.show(sources) });
}

/** Work goes on without one. */
async function dashboardOf({ dashboard: settings, home, host }: Config, ground: Ground): Promise<Dashboard | null> {
  if (!settings) return null;
  const { log, secrets, state } = ground;
  try {
    const dashboard = await openDashboard({
      settings,
      passwordFile: home.var.dashboardPassword,
      host: host.name,
      state: () => state.current,
      redactor: () => secrets.redactor,
      log,
    });
    state.say({ dashboard: dashboard.url });
    return dashboard;
  } catch (error) {
    log.error({ reason: coerceError(error).message }, 'there is no dashboard');
    return null;
  }
}

async function work(daemon: Daemon, { log, state }: Ground, orders: Orders): Promise<void> {
  state.say({ state: 'ready', reason: null });
  log.info({ detail: { version: VERSION, pid: process.pid } }, 'ready');
  const fault = await Promise.race([daemon.fault, orders.given]);
  if (fault) {
    log.fatal({ reason: fault.message }, CRASHED);
    throw fault;
  }
  state.say({ state: 'stopping' });
  log.info({}, 'stopping');
  const stopped = daemon[Symbol.asyncDispose]().then(() => 'stopped');
  const late = systemClock.wait(STOP_MS).then(() => 'stopped without waiting any longer');
  log.info({}, await Promise.race([stopped, late]));
}

/** Said once for each reason. */
function enterSafeMode(thrown: unknown, before: string | undefined, ground: Ground | undefined): string {
  const error = coerceError(thrown);
  const reason = error.message;
  ground?.state.say({ state: 'safe-mode', reason });
  if (reason === before) return reason;
  const { stack = reason } = error;
  ground?.log.error(
    { reason: error instanceof OpsError ? reason : stack },
    'safe mode: it takes no tasks, and tries again every 30 s',
  );
  // Where there is no log yet, a supervisor keeps this.
  if (!ground || !process.stdout.isTTY) process.stderr.write(`safe mode: ${reason}\n`);
  return reason;
}

/** What a person can mend needs no stack. */
function textOf(error: Error): string {
  return error instanceof OpsError ? error.message : (error.stack ?? error.message);
}
