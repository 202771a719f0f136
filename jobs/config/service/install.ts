import { z } from 'zod';
import { defineAction } from '../../../src/planning/action.ts';
import { checkSteps } from '../../../src/planning/command.ts';
import { Probe } from '../../../src/planning/probe.ts';
import { type ServiceRef, serviceNeeds, serviceResources } from '../../../src/planning/service.ts';
import { DefinedService, definitionOf } from '../../../src/planning/service-definition.ts';
import { installStep } from '../../../src/planning/service-step.ts';

const Input = z
  .strictObject({
    service: DefinedService,
    stopped: z
      .literal(true)
      .optional()
      .describe('It is defined, and not started: its program is still to come, by a first deploy.'),
    /** A health check of it; what its supervisor says where absent. */
    check: Probe.optional(),
  })
  .refine(({ stopped, check }) => !stopped || !check, {
    path: ['check'],
    message: 'expected none of a service that is not started',
  });
type Input = z.infer<typeof Input>;
type Queries = { service: { ask: 'service'; ref: ServiceRef } };

const refOf = ({ service }: Input): ServiceRef => definitionOf(service).ref;

/** Puts a service's definition in the place of what there is, and has it run as that says, or stand stopped. */
export const install = defineAction<Input, Queries>({
  summary: "Puts a service's definition in the place of what there is, and has it run as that says, or stand stopped.",
  undo: 'the definition before, running if it ran; or removed',
  input: Input,
  changes: true,
  reversible: () => true,
  resources: (input) => serviceResources(refOf(input)),
  needs: (input) => [...serviceNeeds(refOf(input)), ...definitionOf(input.service).needs],
  subjects: () => [],
  check: ({ check }) => check,
  facts: (input) => ({ service: { ask: 'service', ref: refOf(input) } }),
  plan: ({ service, stopped, check }, facts) => {
    const definition = definitionOf(service);
    const { standing } = definition;
    const wanted = stopped ? { ...definition, standing: { ...standing, state: 'stopped' as const } } : definition;
    return [installStep(wanted, facts.service), ...checkSteps(check)];
  },
});
