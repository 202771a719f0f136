import type { ServiceFact } from '../planning/facts.ts';
import type { WatchStep } from '../planning/step.ts';
import type { Supervisor, Supervisors } from '../services/host.ts';
import type { Clock, Prober } from '../services/ports.ts';
import { applied, type Effect, failed, type StepContext, type StepKind } from '../services/step-kind.ts';

export interface WatchPorts {
  prober: Prober;
  supervisors: Supervisors;
  clock: Clock;
}

/** Looks at what has just been changed for as long as it must prove itself. Changes nothing, so there is nothing to undo. */
export function watchKind(ports: WatchPorts): StepKind<WatchStep> {
  return {
    observe: async () => null,
    capture: async () => null,
    apply: (step, context) => watch(step, context, ports),
    undo: async () => applied('changed nothing'),
    // Its time begins anew: nobody looked meanwhile.
    reconcile: async () => 'not-done',
    preview: async ({ title }) => `would ${title}`,
  };
}

/** What was seen so far. */
interface Seen {
  looks: number;
  failures: number;
  latenciesMs: number[];
  health: Effect['health'];
  leftRunning: string[];
}

async function watch(step: WatchStep, { signal }: StepContext, ports: WatchPorts): Promise<Effect> {
  const { clock } = ports;
  const before = await serviceOf(step, ports);
  const seen: Seen = { looks: 0, failures: 0, latenciesMs: [], health: [], leftRunning: [] };
  const began = clock.monotonic();
  while (!signal.aborted) {
    await look(step, seen, signal, ports);
    if (signal.aborted) break;
    const isOver = clock.monotonic() - began >= step.forMs;
    const problem = problemOf(step, seen, isOver) ?? problemOfService(before, await serviceOf(step, ports));
    if (problem !== null) return failed('watch-failed', `${step.target}: ${problem}`, seen);
    if (isOver) return applied(summary(step, seen), seen);
    await clock.wait(step.everyMs, signal);
  }
  return failed('aborted', 'it was ended before its time was over', seen);
}

async function look(step: WatchStep, seen: Seen, signal: AbortSignal, { prober, clock }: WatchPorts): Promise<void> {
  const since = clock.monotonic();
  const looked = await Promise.all(step.checks.map((probe) => prober.look(probe, signal)));
  seen.latenciesMs.push(clock.monotonic() - since);
  seen.looks += 1;
  seen.health = looked.map(({ service, status, endpoint }) => ({ service, status, endpoint }));
  seen.leftRunning.push(...looked.flatMap(({ leftRunning = [] }) => leftRunning));
  if (looked.some(({ status }) => status !== 'healthy')) seen.failures += 1;
}

/** A median of fewer says little, unless there are no more. */
const ENOUGH_LOOKS = 5;

/** Until the end all looks that are still to come count as good ones, so that the first failure is not all of them. */
function problemOf({ forMs, everyMs, failures, latencyMs }: WatchStep, seen: Seen, isOver: boolean): string | null {
  const { looks, latenciesMs } = seen;
  const of = isOver ? looks : Math.max(looks, Math.floor(forMs / everyMs));
  if (seen.failures > failures * of) return `${seen.failures} of ${looks} looks failed`;
  const median = latenciesMs.toSorted((a, b) => a - b)[Math.floor(looks / 2)] ?? 0;
  const isSlow = latencyMs !== null && (isOver || looks >= ENOUGH_LOOKS) && median > latencyMs;
  return isSlow ? `half of ${looks} looks took ${Math.round(median)} ms or more, which may be ${latencyMs}` : null;
}

async function serviceOf({ service }: WatchStep, { supervisors }: WatchPorts): Promise<ServiceFact | null> {
  if (service === null) return null;
  const supervisor: Supervisor = supervisors[service.supervisor];
  return supervisor.look(service);
}

/** What nobody can see is no problem: the checks tell. */
function problemOfService(before: ServiceFact | null, now: ServiceFact | null): string | null {
  if (before?.state !== 'running' || now === null || now.state === 'unknown') return null;
  if (now.state !== 'running') return `its service is ${now.state}`;
  return before.run !== '' && now.run !== '' && now.run !== before.run ? 'its service began anew' : null;
}

const summary = ({ forMs }: WatchStep, { looks, failures }: Seen): string =>
  `${looks} looks in ${forMs / 1000} s, ${failures} failed`;
