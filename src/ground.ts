import { systemClock } from './adapters/clock.ts';
import { StateFile } from './adapters/daemon-state.ts';
import { lockHome } from './adapters/home-lock.ts';
import { LogFile } from './adapters/log-file.ts';
import type { Config } from './config.ts';
import { type Dashboard, openDashboard } from './dashboard/index.ts';
import { coerceError, textOf } from './errors.ts';
import type { Home } from './home.ts';
import { createLogger, type Logger } from './log.ts';
import { readable } from './log-text.ts';
import type { Redactor } from './secret.ts';
import { VERSION } from './version.ts';

/** What stays from the first attempt to start until the end. */
export interface Ground {
  log: Logger & { level: string };
  state: StateFile;
  redactor: Redactor;
  /** Null where the configuration wants none, or it could not be opened. */
  dashboard?: Dashboard | null;
}

/** Takes the home for this process alone. */
export function settle(home: Home, redactor: Redactor, stack: AsyncDisposableStack): Ground {
  const lock = lockHome(home.var.lock);
  try {
    const log = createLogger({ sinks: sinksOf(home.var.log), redactor });
    const first = {
      pid: process.pid,
      version: VERSION,
      state: 'starting',
      reason: null,
      dashboard: null,
      sandbox: null,
    } as const;
    const state = new StateFile(home.var.daemon, first, redactor);
    // Whoever started it is told, too, and it ends with 1.
    process.on('uncaughtExceptionMonitor', (thrown: unknown) =>
      log.fatal({ reason: textOf(coerceError(thrown)) }, 'the daemon cannot go on'),
    );
    stack.use(lock);
    stack.use(state);
    return { log, state, redactor };
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

/** Null where the configuration wants none; work goes on without one that cannot be opened, too. */
export async function dashboardOn(
  ground: Ground,
  { dashboard: settings, home, host }: Config,
): Promise<Dashboard | null> {
  if (!settings) return null;
  const { log, redactor, state } = ground;
  try {
    const dashboard = await openDashboard({
      settings,
      passwordFile: home.var.dashboardPassword,
      host: host.name,
      state: () => state.current,
      redactor,
      log,
    });
    redactor.learn(dashboard.password);
    state.say({ dashboard: dashboard.url });
    return dashboard;
  } catch (error) {
    log.error({ reason: coerceError(error).message }, 'there is no dashboard');
    return null;
  }
}
