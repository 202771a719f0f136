import { type PresentService, type ServiceFact, type ServiceGoal, sameService } from '../planning/facts.ts';
import type { State } from '../planning/record.ts';
import { serviceName } from '../planning/service.ts';
import type { ServiceStep } from '../planning/step.ts';
import { applied, type Effect, failed, refusedTo } from '../services/step-kind.ts';
import { differenceOf } from './difference.ts';

export const isPresent = (fact: ServiceFact): fact is PresentService =>
  fact.state !== 'absent' && fact.state !== 'unknown';

/** Which run of it runs; null where none does. */
export const runningRunOf = (fact: ServiceFact): string | null => (fact.state === 'running' ? fact.run : null);

/** What nobody else may have changed meanwhile; null where nobody knows how it stands. */
export function stateOf(fact: ServiceFact): State {
  if (fact.state === 'unknown') return null;
  if (fact.state === 'absent') return { state: 'absent' };
  const { state, enabled, definition } = fact;
  return { state, enabled, definition };
}

/** What `capture` returned, read back from the ledger. */
export const factOf = (captured: State): ServiceFact =>
  (captured ?? { state: 'unknown', says: '' }) as unknown as ServiceFact;

/** Why the step does not touch the service, if anything keeps it from that. */
export function obstacleTo({ verb, ref, before }: ServiceStep, now: ServiceFact): Effect | null {
  const name = serviceName(ref);
  if (now.state === 'unknown') return refusedTo('service-unknown', `nobody knows how ${name} stands: ${now.says}`);
  if (before && !sameService(now, before))
    return refusedTo('changed-since-plan', `${name} changed after the plan was made`);
  const isThere = now.state !== 'absent';
  if (!isThere && verb !== 'install' && verb !== 'remove')
    return refusedTo('service-absent', `there is no ${name}: install it first (config.service.install)`);
  if (isThere && (verb === 'install' || verb === 'remove') && now.definition === '')
    return refusedTo(
      'service-undefined',
      `how ${name} is defined is not known here, so its ${verb} could not be undone`,
    );
  return null;
}

/** What the service came to be, and how healthy that is. `message` is for where it stands as it shall. */
export function effectOf(
  { ref }: ServiceStep,
  goal: ServiceFact | ServiceGoal,
  now: ServiceFact,
  message = saysOf(now),
): Effect {
  const name = serviceName(ref);
  const left = stateOf(now);
  const health = (status: 'healthy' | 'degraded' | 'down') => [{ service: name, endpoint: ref.supervisor, status }];
  if (sameService(now, goal)) return applied(message, { left, health: health('healthy') });
  if (now.state === 'unknown') {
    const effect = failed('service-unknown', `nobody knows how ${name} stands: ${now.says}`);
    return { ...effect, outcome: 'unknown', health: health('degraded') };
  }
  const instead = `${name} is ${now.state}, not ${goal.state}: ${saysOf(now)}`;
  return failed('service-failed', instead, { left, health: health('down') });
}

/** The supervisor did not take the order, and why. */
export function notTaken(step: ServiceStep, { message }: Error, now: ServiceFact): Effect {
  const { left, health } = effectOf(step, step.after, now);
  return failed('service-failed', message, { left, health });
}

const saysOf = (fact: ServiceFact): string => (fact.state === 'absent' ? 'it is not there' : fact.says);

/** What would become of the service, as text; its definition as a diff. */
export function previewOf({ verb, ref, before, after, definition }: ServiceStep, present: string | null): string {
  const name = serviceName(ref);
  if (before === null) return `${name}: ${verb}`;
  if (verb !== 'restart' && sameService(before, after)) return `${name} is already so`;
  const again = verb === 'restart' && before.state === 'running' ? ', in another run' : '';
  const from = before.state === 'unknown' ? `unknown (${before.says})` : before.state;
  const lines = [`${name}: ${from} -> ${after.state}${again}`];
  if (isPresent(before) && after.state !== 'absent' && before.enabled !== after.enabled)
    lines.push(after.enabled ? 'would start with the host' : 'would no longer start with the host');
  const text = after.state === 'absent' ? '' : (definition ?? present ?? '');
  if (text !== (present ?? '')) lines.push(diffOf(name, present, text));
  return lines.join('\n');
}

function diffOf(name: string, before: string | null, after: string): string {
  const [from, to] = [before === null ? '/dev/null' : name, after === '' ? '/dev/null' : name];
  return differenceOf({ name: from, text: before ?? '' }, { name: to, text: after });
}
