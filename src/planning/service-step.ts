import { hash } from 'node:crypto';
import type { PresentService, ServiceFact, ServiceGoal } from './facts.ts';
import { type ServiceRef, serviceName } from './service.ts';
import type { Definition } from './service-definition.ts';
import type { ServiceStep } from './step.ts';

type Verb = Exclude<ServiceStep['verb'], 'install'>;

/** The step that does this to a service that is there. */
export function serviceStep(verb: Verb, ref: ServiceRef, before: ServiceFact): ServiceStep {
  return { ...stepBase(verb, ref, before), after: goalOf(verb, presentOf(before)), definition: null };
}

/** The step that puts a definition in the place of what there is. */
export function installStep({ ref, text, standing }: Definition, before: ServiceFact): ServiceStep {
  const after: ServiceGoal = { ...standing, definition: hash('sha256', text) };
  return { ...stepBase('install', ref, before), after, definition: text };
}

function stepBase<V extends ServiceStep['verb']>(verb: V, ref: ServiceRef, before: ServiceFact) {
  const name = serviceName(ref);
  return { kind: 'service', target: `service:${name}`, title: `${verb} ${name}`, verb, ref, before } as const;
}

/** Of what is not there, as if it were: applying says what is wrong. */
function presentOf(fact: ServiceFact): Pick<PresentService, 'enabled' | 'definition'> {
  return fact.state === 'absent' || fact.state === 'unknown' ? { enabled: true, definition: '' } : fact;
}

function goalOf(verb: Verb, { enabled, definition }: ReturnType<typeof presentOf>): ServiceGoal {
  switch (verb) {
    case 'start':
    case 'restart':
      return { state: 'running', enabled, definition };
    case 'stop':
      return { state: 'stopped', enabled, definition };
    case 'remove':
      return { state: 'absent' };
  }
}
