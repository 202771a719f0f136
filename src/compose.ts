import type { Redis } from 'ioredis';
import { registry } from '../jobs/index.ts';
import { systemClock } from './adapters/clock.ts';
import { clockRequests } from './adapters/clock-requests.ts';
import { controlStream } from './adapters/control-stream.ts';
import type { EtcFile } from './adapters/etc-files.ts';
import { openOutput } from './adapters/output.ts';
import type { SandboxHere } from './adapters/sandbox/sandbox.ts';
import { secretSources } from './adapters/secrets/index.ts';
import { sourceTrees } from './adapters/source-trees.ts';
import { verifierBy } from './adapters/verify.ts';
import type { Policy } from './admission/policy.ts';
import type { Config } from './config.ts';
import type { KeyRing } from './contract/keyring.ts';
import type { Logger } from './log.ts';
import { machineOf } from './machine.ts';
import { openSchedules } from './schedules.ts';
import type { Redactor } from './secret.ts';
import { Admissions } from './services/admissions.ts';
import { Alerter } from './services/alerter.ts';
import { ClockAcceptances } from './services/clock-acceptance.ts';
import { ClockWatch, type ClockWatchParts } from './services/clock-watch.ts';
import type { Commands, Leftover } from './services/commands.ts';
import { Control } from './services/control.ts';
import { Executor } from './services/executor.ts';
import type { Failpoint } from './services/failpoint.ts';
import type { Ledger } from './services/ledger.ts';
import { Locks } from './services/locks.ts';
import { Performer } from './services/performer.ts';
import type { Verifier } from './services/ports.ts';
import { Reconciler } from './services/reconciler.ts';
import { type HostFacts, Reporter } from './services/reporter.ts';
import { Running } from './services/running.ts';
import { scheduleFacts } from './services/schedule-facts.ts';
import type { Scheduler, SlotQueue } from './services/scheduler.ts';
import { secretsFrom } from './services/secrets.ts';
import { SourceWatch } from './services/source-watch.ts';
import { type ControlListener, Statements } from './services/statements.ts';
import { StepRunner } from './services/step-runner.ts';
import { VERSION } from './version.ts';

/** What the services need of the world, besides what has no state. */
export interface World {
  config: Config;
  ledger: Ledger;
  /** In the sandbox. */
  commands: Commands;
  sandbox: SandboxHere;
  /** What is left of the commands of the daemon before. */
  leftovers: readonly Leftover[];
  redis: Redis;
  policy: EtcFile<Policy>;
  ring: EtcFile<KeyRing>;
  log: Logger;
  /** Where slots are put. */
  slotQueue: SlotQueue;
  /** Whether Redis can be used. */
  isUsable: () => boolean;
  /** Masks what must not get out; it learns what is fetched. */
  redactor: Redactor;
  /** Something waits in the outbox. */
  onMessage: () => void;
  /** A target has a new signature, was withdrawn or resumed: held tasks may be meant. */
  onTarget: (target: string) => void;
  /** Redis may have lost anything, or brought something, without a word. */
  onUsable: () => void;
  /** A task could not be resumed and stays open. */
  onProblem: (taskId: string, error: Error) => void;
  /** A claimed task's outcome could not be written. Throws. */
  onFault: (error: unknown) => never;
  reached: Failpoint;
}

export interface Line {
  executor: Executor;
  reconciler: Reconciler;
  running: Running;
  locks: Locks;
  control: Control;
  clockWatch: ClockWatch;
  alerter: Alerter;
  scheduler: Scheduler;
}

/** Wires adapters into services: everything between a delivery and its report. */
export function compose(world: World): Line {
  const { config, ledger, reached } = world;
  const clock = systemClock;
  const { running, verifier, host, alerter, schedules } = foundationOf(world);
  const { scheduler, rows, ends: slots } = schedules;
  const { commands, sandbox, redactor } = world;
  const secrets = secretsFrom({ ...world, sources: secretSources(config, world.redactor) });
  const { kinds, facts, apps } = machineOf(config, {
    commands,
    sandbox,
    secrets,
    rows,
    schedules: scheduleFacts(ledger, clock),
    ledger,
  });
  const reporter = new Reporter({ ledger, clock, host, alerter, slots, onAppend: world.onMessage, reached });
  const control = controlOf(world, running, verifier, alerter);
  const policy = () => world.policy.current();
  const admitting = { registry, host: config.host, policy, apps, ledger, clock, verifier, control, redactor };
  const admissions = new Admissions(admitting);
  const locks = new Locks(config.concurrency);
  const clockWatch = clockWatchOf(world, { host: host.name, verifier, alerter, control, scheduler });
  const steps = new StepRunner({ ledger, kinds, clock, reached, awake: () => clockWatch.awake() });
  const sources = new SourceWatch(ledger, sourceTrees(config.protect, clock));
  const { undoCommand } = host;
  const performer = new Performer({ ledger, steps, facts, reporter, sources, undoCommand, reached });
  const shared = { registry, ledger, admissions, locks, running, performer, reached };
  const { leftovers, onFault, onProblem } = world;
  return {
    executor: new Executor({ ...shared, reporter, slots, onFault }),
    reconciler: new Reconciler({ ...shared, kinds, steps, leftovers, onProblem }),
    running,
    locks,
    control,
    clockWatch,
    alerter,
    scheduler,
  };
}

/** What all the others stand on. */
function foundationOf(world: World) {
  const { config, ledger, redactor } = world;
  const clock = systemClock;
  const directory = config.home.var.output;
  const running = new Running((taskId, log) => openOutput(taskId, { directory, redactor, log }), clock);
  const verifier = verifierBy(() => world.ring.current(), clock);
  const host = hostFacts(world);
  const alerter = new Alerter({ ledger, clock, host, onAppend: world.onMessage });
  const schedules = openSchedules({ ...world, clock, verifier, alerter, running, queue: world.slotQueue });
  return { running, verifier, host, alerter, schedules };
}

type Watched = Omit<ClockWatchParts, 'ledger' | 'clock' | 'acceptances' | 'onGap'> & {
  verifier: Verifier;
  scheduler: Scheduler;
};

function clockWatchOf({ config, ledger, onUsable }: World, { verifier, scheduler, ...parts }: Watched): ClockWatch {
  const onGap = () => {
    onUsable();
    scheduler.afterGap();
  };
  const requests = clockRequests(config.home.var.clockRequest);
  const { host } = parts;
  const acceptances = new ClockAcceptances({ host, ledger, requests, verifier, onAccepted: onGap });
  return new ClockWatch({ ...parts, ledger, clock: systemClock, acceptances, onGap });
}

function controlOf(world: World, running: Running, verifier: Verifier, alerter: Alerter): Control {
  const { config, ledger, redis } = world;
  const flood = alerter.flood(
    'control-flood',
    (count) =>
      `${count} more entries of the control stream did not verify in one minute, and were not audited one by one`,
  );
  const statements = new Statements({ ledger, verifier, alerter, flood });
  return new Control(controlStream(redis, config.queues.control), ledger, statements, listener(running, world));
}

function listener(running: Running, { onTarget, onMessage }: World): ControlListener {
  return {
    attested: onTarget,
    withdrawn: (withdrawal) => {
      running.withdraw(withdrawal);
      onTarget(withdrawal.target);
    },
    resumed: onTarget,
    acknowledged: onMessage,
  };
}

function hostFacts({ config, policy, ring }: World): HostFacts {
  return {
    name: config.host.name,
    version: VERSION,
    dev: config.dev,
    undoCommand: `${config.opsCommand} undo`,
    digests: () => ({ policy: policy.digest(), keyring: ring.digest() }),
  };
}
