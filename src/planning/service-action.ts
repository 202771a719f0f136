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
/** Programs of a task have no definition to take away, and a container has actions of its own. */
const Removable = Input.refine(({ service }) => service.supervisor !== 'command', {
  path: ['service'],
  message: 'nothing is installed for supervisor command: stop it (config.service.stop)',
}).refine(({ service }) => service.supervisor !== 'container', {
  path: ['service'],
  message: 'a container is removed by config.container.remove, which keeps it for an undo',
});
type Input = z.infer<typeof Input>;
type Queries = { service: { ask: 'service'; ref: ServiceRef } };

type Verb = Exclude<ServiceStep['verb'], 'install'>;

const WORDS: Record<Verb, { summary: string; undo: string }> = {
  start: { summary: 'Starts a service.', undo: 'stopped again, if it was' },
  stop: {
    summary: 'Ends a service; what starts with the host starts again with it.',
    undo: 'started again, if it ran',
  },
  restart: {
    summary: 'Has a service run anew; where it does not run it is started.',
    undo: 'stopped again, if it was',
  },
  remove: {
    summary: 'Ends a service and takes its definition away.',
    undo: 'the definition put back, running if it ran',
  },
};

/** The action that does this to a service that is there. */
export function serviceAction(verb: Verb): Action<Input, Queries> {
  return {
    ...WORDS[verb],
    input: verb === 'remove' ? Removable : Input,
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
