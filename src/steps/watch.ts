import { coerceError } from '../errors.ts';
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
    preview: async ({ target, forMs }) => `would watch ${target} for ${forMs / 1000} s`,
  };
}

/** What was seen so far. */
interface Seen {
  looks: number;
  failures: number;
  latenciesMs: number[];
  health: Effect['health'];
}

async function watch(step: WatchStep, { signal }: StepContext, ports: WatchPorts): Promise<Effect> {
  const { clock } = ports;
  const run = await runOf(step, ports);
  const seen: Seen = { looks: 0, failures: 0, latenciesMs: [], health: [] };
  const began = clock.monotonic();
  while (!signal.aborted) {
    await look(step, seen, signal, ports);
    const problem = problemOf(step, seen) ?? ((await runOf(step, ports)) === run ? null : 'its service began anew');
    if (problem !== null) return failed('watch-failed', `${step.target}: ${problem}`, { health: seen.health });
    if (clock.monotonic() - began >= step.forMs) return applied(summary(step, seen), { health: seen.health });
    await clock.wait(step.everyMs, signal);
  }
  return failed('aborted', 'it was ended before its time was over', { health: seen.health });
}

async function look(step: WatchStep, seen: Seen, signal: AbortSignal, { prober, clock }: WatchPorts): Promise<void> {
  const since = clock.monotonic();
  const looked = await Promise.all(step.checks.map((probe) => prober.look(probe, signal)));
  seen.latenciesMs.push(clock.monotonic() - since);
  seen.looks += 1;
  seen.health = looked.map(({ service, status, endpoint }) => ({ service, status, endpoint }));
  if (looked.some(({ status }) => status !== 'healthy')) seen.failures += 1;
}

/** How many looks the whole window has decides what part may fail, so that the first failure is not all of them. */
function problemOf({ forMs, everyMs, failures, latencyMs }: WatchStep, seen: Seen): string | null {
  const planned = Math.max(1, Math.floor(forMs / everyMs));
  if (seen.failures > failures * Math.max(planned, seen.looks)) return `${seen.failures} of ${seen.looks} looks failed`;
  const median = seen.latenciesMs.toSorted((a, b) => a - b)[Math.floor(seen.looks / 2)] ?? 0;
  const isSlow = latencyMs !== null && seen.looks >= ENOUGH_LOOKS && median > latencyMs;
  return isSlow ? `half of ${seen.looks} looks took ${Math.round(median)} ms or more, which may be ${latencyMs}` : null;
}

/** A median of fewer says little. */
const ENOUGH_LOOKS = 5;

/** Which run of the service it is; empty where nobody can tell. */
async function runOf({ service }: WatchStep, { supervisors }: WatchPorts): Promise<string> {
  if (service === null) return '';
  const supervisor: Supervisor = supervisors[service.supervisor];
  const fact = await supervisor.look(service).catch(coerceError);
  return 'run' in fact ? fact.run : '';
}

const summary = ({ forMs }: WatchStep, { looks, failures }: Seen): string =>
  `${looks} looks in ${forMs / 1000} s, ${failures} failed`;
