import { systemClock } from './adapters/clock.ts';
import { loadConfig } from './config.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { coerceError, HomeInUseError, textOf } from './errors.ts';
import { dashboardOn, type Ground, settle } from './ground.ts';
import type { Home } from './home.ts';
import type { Orders } from './orders.ts';
import type { Redactor } from './secret.ts';
import { type Faults, NO_FAULTS } from './services/failpoint.ts';
import { VERSION } from './version.ts';

/** How long safe mode waits before it tries again. */
const AGAIN_MS = 30_000;
/** launchd kills at 45 s. */
const STOP_MS = 40_000;

/**
 * The daemon's life in a home, until it is told to end. What it cannot start with is said, and tried again: this is
 * safe mode, for a supervisor's crash loop would mend nothing.
 * @throws HomeInUseError, and whatever broke a daemon that was ready.
 */
export async function live(home: Home, orders: Orders, redactor: Redactor, faults = NO_FAULTS): Promise<void> {
  await using stack = new AsyncDisposableStack();
  let ground: Ground | undefined;
  let reason: string | undefined;
  while (orders.exitCode === null) {
    try {
      ground ??= settle(home, redactor, stack);
      const starting = start(home, ground, orders, stack, faults);
      const daemon = await Promise.race([starting, orders.given]);
      if (daemon) await work(daemon, ground, orders);
      await stop(starting, ground, orders);
    } catch (error) {
      if (hasStarted(ground) || error instanceof HomeInUseError) throw error;
      reason = enterSafeMode(error, reason, ground);
      await Promise.race([systemClock.wait(AGAIN_MS), orders.given]);
    }
  }
}

async function start(
  home: Home,
  ground: Ground,
  orders: Orders,
  stack: AsyncDisposableStack,
  faults: Faults,
): Promise<Daemon> {
  const config = loadConfig(home.root);
  const { log, redactor } = ground;
  const { given, urgent } = orders;
  log.level = config.logLevel;
  if (ground.dashboard === undefined) ground.dashboard = stack.use(await dashboardOn(ground, config));
  return startDaemon(config, {
    log,
    redactor,
    given,
    urgent,
    faults,
    show: (sources) => ground.dashboard?.show(sources),
  });
}

function hasStarted(ground: Ground | undefined): boolean {
  return ['ready', 'waiting'].includes(ground?.state.current.state ?? '');
}

/** Resolves when it is told to end. @throws what broke the daemon. */
async function work(daemon: Daemon, { log, state }: Ground, orders: Orders): Promise<void> {
  const { sandbox } = daemon;
  state.say({ sandbox: 'problem' in sandbox ? `none: ${sandbox.problem}` : sandbox.name });
  daemon.watch((problem) => {
    if (orders.exitCode === null) state.say({ state: problem === null ? 'ready' : 'waiting', reason: problem });
  });
  log.info({ detail: { version: VERSION, pid: process.pid } }, 'ready');
  const fault = await Promise.race([daemon.fault, orders.given]);
  if (!fault) return;
  log.fatal({ reason: fault.message }, 'the daemon cannot go on');
  throw fault;
}

/**
 * Told to end while it starts, it is through with that first: it may have begun what the stop has to end, e.g. our own
 * Redis. What does not stop is told, and holds nothing up.
 */
async function stop(starting: Promise<Daemon>, { log, state }: Ground, { urgent }: Orders): Promise<void> {
  state.say({ state: 'stopping' });
  log.info({}, 'stopping');
  const started = Promise.race([starting.catch(() => null), urgent]);
  const stopped = started.then((daemon) => daemon?.[Symbol.asyncDispose]()).then(() => 'stopped');
  const late = systemClock.wait(STOP_MS).then(() => 'stopped without waiting any longer');
  await Promise.race([stopped, late]).then(
    (how) => log.info({}, how),
    (error: unknown) => log.error({ reason: textOf(coerceError(error)) }, 'stopped, and not everything in order'),
  );
}

/** Said once for each reason. */
function enterSafeMode(thrown: unknown, before: string | undefined, ground: Ground | undefined): string {
  const error = coerceError(thrown);
  const reason = ground ? ground.redactor.redact(error.message) : error.message;
  ground?.state.say({ state: 'safe-mode', reason });
  if (reason === before) return reason;
  ground?.log.error({ reason: textOf(error) }, 'safe mode: it takes no tasks, and tries again every 30 s');
  // Where there is no log yet, a supervisor keeps this.
  if (!ground || !process.stdout.isTTY) process.stderr.write(`safe mode: ${reason}\n`);
  return reason;
}
