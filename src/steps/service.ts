import { coerceError, OpsError } from '../errors.ts';
import { type ServiceFact, type ServiceGoal, sameService } from '../planning/facts.ts';
import type { State } from '../planning/record.ts';
import { serviceName } from '../planning/service.ts';
import type { ServiceStep } from '../planning/step.ts';
import type { Answer, Effect, StepContext, StepKind } from '../services/step-kind.ts';
import { order, orderBack, type ServicePorts, settled, supervisorOf } from './service-orders.ts';
import { effectOf, factOf, isPresent, notTaken, obstacleTo, previewOf, stateOf } from './service-state.ts';

/** Has a supervisor change a service; its undo has it stand as before, with the definition of before. */
export function serviceKind(ports: ServicePorts): StepKind<ServiceStep> {
  const look = (step: ServiceStep) => supervisorOf(step, ports).look(step.ref);
  return {
    observe: async (step) => stateOf(await look(step)),
    capture: (step) => keptState(step, ports),
    apply: async (step, context) => {
      const now = await look(step);
      return obstacleTo(step, now) ?? apply(step, now, context, ports);
    },
    undo: (step, captured, context) => undo(step, factOf(captured), context, ports),
    reconcile: async (step, captured) => answerOf(step, factOf(captured), await look(step)),
    preview: async (step) => previewOf(step, await supervisorOf(step, ports).definitionOf(step.ref)),
  };
}

/** For a restart with its run, by which a crash in the middle is judged. */
async function keptState(step: ServiceStep, ports: ServicePorts): Promise<State> {
  const supervisor = supervisorOf(step, ports);
  const fact = await supervisor.look(step.ref);
  const definition = await supervisor.definitionOf(step.ref);
  const kept = definition === null ? '' : await ports.snapshots.keep(Buffer.from(definition));
  // Its undo would look for what was not kept.
  if (isPresent(fact) && kept !== fact.definition)
    throw new OpsError(`the definition of ${serviceName(step.ref)} changed while it was read`);
  return isPresent(fact) && step.verb === 'restart' ? { ...stateOf(fact), run: fact.run } : stateOf(fact);
}

/** A restart is never "already so": applied twice it restarts twice, and the service runs before and after. */
async function apply(step: ServiceStep, now: ServiceFact, context: StepContext, ports: ServicePorts): Promise<Effect> {
  const isAnotherRun = (fact: ServiceFact) => runOf(fact) === '' || runOf(fact) !== runOf(now);
  const isThere = (fact: ServiceFact) =>
    sameService(fact, step.after) && (step.verb !== 'restart' || isAnotherRun(fact));
  if (step.verb !== 'restart' && isThere(now)) return effectOf(step, step.after, now, 'was already so');
  const problem = await order(step, context, ports).then(() => null, coerceError);
  return concluded({ step, goal: step.after, problem, isThere, signal: context.signal }, ports);
}

const runOf = (fact: ServiceFact): string => (isPresent(fact) ? fact.run : '');

async function undo(
  step: ServiceStep,
  before: ServiceFact,
  context: StepContext,
  ports: ServicePorts,
): Promise<Effect> {
  const now = await supervisorOf(step, ports).look(step.ref);
  const isThere = (fact: ServiceFact) => sameService(fact, before);
  if (isThere(now)) return effectOf(step, before, now, 'as it was');
  const problem = await orderBack({ step, before, now }, context, ports).then(() => null, coerceError);
  const ordered = { step, goal: before, problem, isThere, signal: context.signal, message: 'as it was' };
  const effect = await concluded(ordered, ports);
  return effect.outcome === 'applied' ? effect : { ...effect, outcome: 'failed', code: 'undo-failed' };
}

interface Ordered {
  step: ServiceStep;
  goal: ServiceFact | ServiceGoal;
  /** Why the supervisor did not take the order. */
  problem: Error | null;
  isThere: (fact: ServiceFact) => boolean;
  signal: AbortSignal;
  /** Instead of what the supervisor says in the end. */
  message?: string;
}

async function concluded(ordered: Ordered, ports: ServicePorts): Promise<Effect> {
  const { step, goal, problem, isThere, signal, message } = ordered;
  if (problem) return notTaken(step, problem, await supervisorOf(step, ports).look(step.ref));
  return effectOf(step, goal, await settled(step, isThere, signal, ports), message);
}

function answerOf({ verb, after }: ServiceStep, before: ServiceFact, now: ServiceFact): Answer {
  if (verb === 'restart') return answerOfRestart(before, now);
  if (sameService(now, after)) return 'done';
  return sameService(now, before) ? 'not-done' : 'unknown';
}

function answerOfRestart(before: ServiceFact, now: ServiceFact): Answer {
  if (now.state === 'running' && before.state === 'running') return answerOfRuns(before.run, now.run);
  if (now.state === 'running') return 'done';
  return now.state === 'stopped' && before.state === 'stopped' ? 'not-done' : 'unknown';
}

function answerOfRuns(before: string, now: string): Answer {
  if (before === '' || now === '') return 'unknown';
  return before === now ? 'not-done' : 'done';
}
