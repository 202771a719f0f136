import { OpsError } from '../errors.ts';
import type { ServiceFact } from '../planning/facts.ts';
import { serviceName } from '../planning/service.ts';
import type { ServiceStep } from '../planning/step.ts';
import type { Snapshots, Supervisor, Supervisors } from '../services/host.ts';
import type { Clock } from '../services/ports.ts';
import type { StepContext } from '../services/step-kind.ts';
import { runningRunOf } from './service-state.ts';

/** Longer than a service may take to end (45 s with ours), and launchd to let it start again (10 s). */
const PATIENCE_MS = 60_000;
const POLL_MS = 250;

export interface ServicePorts {
  supervisors: Supervisors;
  snapshots: Snapshots;
  clock: Clock;
}

export const supervisorOf = ({ ref }: Pick<ServiceStep, 'ref'>, { supervisors }: ServicePorts): Supervisor =>
  supervisors[ref.supervisor];

/** @throws OpsError where the supervisor does not take the order. */
export function order(step: ServiceStep, context: StepContext, ports: ServicePorts): Promise<void> {
  const supervisor = supervisorOf(step, ports);
  const { verb, ref, after, definition } = step;
  if (after.state === 'absent') return supervisor.remove(ref, context);
  if (verb === 'restart') return supervisor.restart(ref, context);
  return definition === null
    ? supervisor.bring(ref, after, context)
    : supervisor.install(ref, definition, after, context);
}

/** The order that leads from `now` to `before`. @throws OpsError where there is none, or it is not taken. */
export async function orderBack(
  { step, before, now }: { step: ServiceStep; before: ServiceFact; now: ServiceFact },
  context: StepContext,
  ports: ServicePorts,
): Promise<void> {
  const supervisor = supervisorOf(step, ports);
  if (now.state === 'unknown') throw new OpsError(`${serviceName(step.ref)}: ${now.says}`);
  if (before.state === 'unknown') throw new OpsError('nobody knows how it stood before');
  if (before.state === 'absent') return supervisor.remove(step.ref, context);
  if (now.state !== 'absent' && now.definition === before.definition)
    return supervisor.bring(step.ref, before, context);
  const definition = await ports.snapshots.get(before.definition);
  return supervisor.install(step.ref, definition.toString(), before, context);
}

/**
 * Looks until it is there, or the patience is over; the last look. What runs must be seen twice in one run: what dies
 * at once does not run.
 */
export async function settled(
  step: ServiceStep,
  isThere: (fact: ServiceFact) => boolean,
  signal: AbortSignal,
  ports: ServicePorts,
): Promise<ServiceFact> {
  const { clock } = ports;
  const until = clock.monotonic() + PATIENCE_MS;
  for (let lastRun: string | null = null; ; ) {
    const fact = await supervisorOf(step, ports).look(step.ref);
    const run = runningRunOf(fact);
    if (isThere(fact) && (run === null || run === lastRun)) return fact;
    if (signal.aborted || clock.monotonic() >= until) return fact;
    lastRun = run;
    await clock.wait(POLL_MS, signal);
  }
}
