import { z } from 'zod';
import type { Action } from './action.ts';
import { checkSteps } from './command.ts';
import { Probe } from './probe.ts';
import { ServiceRef, serviceNeeds, serviceResources } from './service.ts';
import { serviceStep } from './service-step.ts';
import type { ServiceStep } from './step.ts';

const Input = z.strictObject({
  service: ServiceRef,
  /** A health check of it; what its supervisor says where absent. */
  check: Probe.optional(),
});
type Input = z.infer<typeof Input>;
type Queries = { service: { ask: 'service'; ref: ServiceRef } };

/** The action that does this to a service that is there. */
export function serviceAction(verb: Exclude<ServiceStep['verb'], 'install'>): Action<Input, Queries> {
  return {
    input: Input,
    changes: true,
    reversible: () => true,
    resources: ({ service }) => serviceResources(service),
    needs: ({ service }) => serviceNeeds(service),
    subjects: () => [],
    check: ({ check }) => check,
    facts: ({ service }) => ({ service: { ask: 'service', ref: service } }),
    plan: ({ service, check }, facts) => [serviceStep(verb, service, facts.service), ...checkSteps(check)],
  };
}
