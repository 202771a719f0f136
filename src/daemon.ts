import { systemClock, within } from './adapters/clock.ts';
import { ControlWatch } from './adapters/control-stream.ts';
import { keyRingFile, policyFile, readRoleKey } from './adapters/etc-files.ts';
import { openLedger } from './adapters/ledger/index.ts';
import { maskedLedger } from './adapters/ledger/masked.ts';
import { toldLedger } from './adapters/ledger/told.ts';
import { refuseForeignKeys, refuseLooseFiles } from './adapters/permissions.ts';
import { connectRedis } from './adapters/redis.ts';
import { RedisBreaker, type Watcher } from './adapters/redis-breaker.ts';
import { Runner } from './adapters/runner.ts';
import { runnerPlace } from './adapters/runner-user.ts';
import { confined } from './adapters/sandbox/confined.ts';
import { findSandbox } from './adapters/sandbox/find.ts';
import type { SandboxHere } from './adapters/sandbox/sandbox.ts';
import { storedValues } from './adapters/secrets/index.ts';
import { sweepSurvivors } from './adapters/survivors.ts';
import { compose, type Line } from './compose.ts';
import { type Config, refuseForeignCode } from './config.ts';
import { openRedis, startRedis } from './courier.ts';
import type { DashboardSources } from './dashboard/dashboard.ts';
import { coerceError, OpsError } from './errors.ts';
import type { Logger } from './log.ts';
import { openMail } from './mail.ts';
import type { Redactor } from './secret.ts';
import type { Commands, Leftover } from './services/commands.ts';
import type { Faults } from './services/failpoint.ts';
import type { Ledger } from './services/ledger.ts';
import { scheduleTotals } from './services/schedule-totals.ts';
import { watchQueues } from './watch.ts';
import { drain, goOnWhileUsable, startWorkers } from './workers.ts';

/** How long a stop waits for TERM, grace and KILL of what runs. */
const ABORT_MS = 10_000;
/** How long it waits for slots that are just being put on the queue, of which a Redis that is silent says nothing. */
const SLOTS_MS = 2_000;
/** How long open tasks wait at the start for the vetoes that came meanwhile. */
const CONTROL_MS = 2_000;
/** How long a start looks for what an earlier daemon may have died of. */
const SWEEP_MS = 10_000;
const SURVIVOR_GRACE_MS = 1_000;

export interface Daemon extends AsyncDisposable {
  /** Resolves when it must start again: it could not write what it had done. */
  readonly fault: Promise<Error>;
  readonly sandbox: SandboxHere;
  /** Tells at once and at each change why no tasks are taken; null where they are. */
  watch(watcher: Watcher): void;
}

/** What a daemon lives with. */
export interface Surroundings {
  log: Logger;
  redactor: Redactor;
  /** Resolves when it is told to end: a start waits no longer for Redis. */
  given: Promise<void>;
  /** Resolves when a stop is to wait no longer for what runs. */
  urgent: Promise<void>;
  /** Who looks on gets what there is to see, and null before it is closed. */
  show: (sources: DashboardSources | null) => void;
  faults: Faults;
}

/**
 * Starts everything in its order; disposing of the result stops it in the reverse order. The home must be locked.
 * @throws OpsError that says what to mend.
 */
export async function startDaemon(
  config: Config,
  { log, redactor, given, urgent, show, faults }: Surroundings,
): Promise<Daemon> {
  await using stack = new AsyncDisposableStack();
  const etc = readEtc(config);
  redactor.learn(etc.hostKey.d, ...Object.values(config.secretEnv), config.opToken ?? '');
  redactor.learn(...(await storedValues(config.home)));
  const ledger = stack.adopt(ledgerOf(config, log, redactor), (it) => it.close());
  const running = await startRunner(config, log, stack, faults);
  const source = await startRedis(config, log, redactor, stack);
  const { redis, check } = openRedis(source, config, stack);
  const breaker = new RedisBreaker({ redis, check, clock: systemClock, log });
  const isUsable = () => breaker.problem === null;
  const shared = { config, ledger, log, redactor, redis, breaker, isUsable, reached: faults.reached };
  const mail = openMail({ ...shared, hostKey: etc.hostKey, stack });
  const { fault, ...problems } = problemsOf(log);
  const line = compose({ ...etc, ...problems, ...mail, ...running, ...shared });
  stack.defer(() => show(null));
  const schedules = () => scheduleTotals(ledger, line.scheduler.nextDueAt(), systemClock.now());
  show({ queues: mail.queues, ledger, running: () => line.running.taskIds, schedules, redis });
  stack.defer(() => within(ABORT_MS, line.running.stop()));
  await stack.adopt(line.clockWatch, (service) => service.stop()).start();
  await reconcile(line);
  await Promise.race([check(), given.then(refuseToGoOn)]);
  await within(SWEEP_MS, watchQueues({ ...shared, queues: mail.queues, alerter: line.alerter, stack }));
  const workers = startWorkers({ ...shared, executor: line.executor, onHeld: mail.onHeld });
  stack.defer(() => drain(workers, line, urgent, log));
  await stack.adopt(controlWatch(config, ledger, line, source.url), (service) => service.stop()).start();
  await goOnWhileUsable(breaker, workers, mail, line.scheduler, stack);
  await stack.adopt(line.scheduler, (service) => within(SLOTS_MS, service.stop())).start();
  const owned = stack.move();
  return {
    fault: Promise.race([fault, ledger.failure]),
    sandbox: running.sandbox,
    watch: (watcher) => breaker.watch(watcher),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What is written into it is masked, and logged. */
function ledgerOf({ home }: Config, log: Logger, redactor: Redactor): Ledger {
  return toldLedger(maskedLedger(openLedger(home.var.ledger, systemClock), redactor), log);
}

/** Without Redis the vetoes that the ledger knows must do. */
async function reconcile({ control, reconciler }: Line): Promise<void> {
  await within(CONTROL_MS, control.catchUp());
  await reconciler.start();
}

function refuseToGoOn(): never {
  throw new OpsError('it was told to end while it waited for Redis');
}

function problemsOf(log: Logger) {
  const { promise: fault, resolve } = Promise.withResolvers<Error>();
  return {
    fault,
    onProblem: (task_id: string, error: Error) =>
      log.error({ task_id, reason: error.message }, 'could not be resumed; it stays open'),
    onFault: (error: unknown): never => {
      resolve(coerceError(error));
      throw error;
    },
  };
}

function readEtc({ home, dev }: Config) {
  refuseForeignCode();
  refuseForeignKeys(home, dev);
  refuseLooseFiles(home, dev);
  const ring = keyRingFile(home.etc.keyring);
  const policy = policyFile(home.etc.policy);
  policy.current();
  ring.current();
  return { ring, policy, hostKey: readRoleKey(home.var.hostKey) };
}

/** Ends what an earlier daemon's commands left running, before any new one can start. */
async function startRunner(
  config: Config,
  log: Logger,
  stack: AsyncDisposableStack,
  { runnerEntry }: Faults,
): Promise<{ commands: Commands; sandbox: SandboxHere; leftovers: Leftover[] }> {
  const { runDir, user } = await runnerPlace(config.home, config.runAs);
  const survivors = await sweepSurvivors({ runDir, graceMs: SURVIVOR_GRACE_MS, signal: user.signal });
  for (const survivor of survivors) {
    log.warn({ task_id: survivor.task_id, outcome: survivor.fate, detail: survivor }, 'a command outlived its daemon');
  }
  const onDeath = (message: string, left: readonly object[]) => log.error({ detail: { survivors: left } }, message);
  const onSaid = (line: string) => log.error({ reason: line }, 'the runner said');
  const runner = new Runner({ runDir, user, clock: systemClock, onDeath, onSaid, entry: runnerEntry });
  await runner.start();
  stack.defer(() => runner.stop());
  const sandbox = await findSandbox(runner, config);
  if ('problem' in sandbox) log.error({ reason: sandbox.problem }, 'commands of tasks are refused');
  return {
    commands: confined(runner, sandbox, config),
    sandbox,
    leftovers: survivors.filter(({ fate }) => fate !== 'ended'),
  };
}

function controlWatch({ queues }: Config, ledger: Ledger, { control }: Line, redisUrl: string): ControlWatch {
  return new ControlWatch(connectRedis(redisUrl), queues.control, control, () => ledger.controlCursor());
}
