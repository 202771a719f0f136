import { endpointOf } from '../planning/probe.ts';
import type { ProbeStep } from '../planning/step.ts';
import type { Clock, Prober } from '../services/ports.ts';
import { applied, type Effect, failed, type StepContext, type StepKind } from '../services/step-kind.ts';

const DEFAULT_ATTEMPTS = 3;
const DEFAULT_INTERVAL_MS = 1_000;

export interface ProbePorts {
  prober: Prober;
  clock: Clock;
}

/** Looks until the service is healthy or the attempts are used up. Changes nothing, so there is nothing to undo. */
export function probeKind(ports: ProbePorts): StepKind<ProbeStep> {
  return {
    observe: async () => null,
    capture: async () => null,
    apply: (step, context) => look(step, context, ports),
    undo: async () => applied('changed nothing'),
    reconcile: async () => 'not-done',
    preview: async ({ probe }) => `would check ${probe.service}: ${endpointOf(probe)}`,
  };
}

async function look({ probe }: ProbeStep, { signal }: StepContext, { prober, clock }: ProbePorts): Promise<Effect> {
  const attempts = probe.attempts ?? DEFAULT_ATTEMPTS;
  const leftRunning: string[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const { detail, leftRunning: left = [], ...health } = await prober.look(probe, signal);
    leftRunning.push(...left);
    if (health.status === 'healthy') return applied(detail, { health: [health], leftRunning });
    if (attempt >= attempts || signal.aborted) {
      const code = health.status === 'down' ? 'unhealthy' : 'health-unknown';
      return failed(code, `${probe.service} is ${health.status}: ${detail}`, { health: [health], leftRunning });
    }
    await clock.wait(probe.interval_ms ?? DEFAULT_INTERVAL_MS, signal);
  }
}
