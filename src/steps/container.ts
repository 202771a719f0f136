import { OpsError } from '../errors.ts';
import { keptName, specDigest } from '../planning/container.ts';
import { type ContainerFact, containerFact } from '../planning/facts.ts';
import type { State } from '../planning/record.ts';
import { type ContainerStep, canBeUndone } from '../planning/step.ts';
import type { Container, Containers } from '../services/containers.ts';
import { applied, type Effect, failed, refusedTo, type StepContext, type StepKind } from '../services/step-kind.ts';
import { bringAbout, bringBack, type ContainerPorts, failureOf, settle, shortId, succeed } from './container-change.ts';

export type { ContainerPorts } from './container-change.ts';

/** How long one may still take to get well that a dead daemon had started. */
const LOOK_MS = 5_000;

/**
 * Changes what the container of a name is. What was there is put aside under another name and not removed, so that its
 * undo, and a change that fails, bring back the very same container.
 */
export function containerKind(ports: ContainerPorts): StepKind<ContainerStep> {
  const { containers } = ports;
  const look = async ({ name }: ContainerStep) => containerFact(await containers.find(name));
  return {
    observe: async (step) => {
      await insistOnKept(step, containers);
      return markOf(step, await look(step));
    },
    capture: look,
    apply: (step, context) => apply(step, context, ports),
    undo: async (step, captured, { work }) => {
      if (!canBeUndone(step)) return failed('irreversible', 'was signed as irreversible');
      const before = captured as ContainerFact;
      const problem = await failureOf(bringBack(step.name, before, work, containers));
      const now = await look(step);
      const more = { left: markOf(step, now), health: [healthOf(step, now, isUp(before))] };
      return problem === null ? applied('as it was', more) : failed('undo-failed', problem, more);
    },
    // Half of a change serves nobody: what the daemon's death cut off is brought to its end, or taken back as if it had failed.
    reconcile: async (step, captured, context) => {
      const before = captured as ContainerFact;
      await settle(step.name, before, context.signal, ports);
      if (await isThrough(step, before, context, ports)) return 'done';
      const problem = await failureOf(bringBack(step.name, before, context.work, containers));
      return problem === null ? 'not-done' : 'unknown';
    },
    preview: async (step) => previewOf(step),
  };
}

async function apply(step: ContainerStep, context: StepContext, ports: ContainerPorts): Promise<Effect> {
  const { containers } = ports;
  const before = await containers.find(step.name);
  const fact = containerFact(before);
  const refusal = isAsPlanned(step, fact) ? await obstacleTo(step, before, ports) : CHANGED;
  if (refusal) return refusedTo(refusal.code, `${step.name} ${refusal.message}`);
  if (isSo(step, fact)) return effectOf('was already so', step, fact);
  const failure = await failureOf(bringAbout(step, before, context, ports));
  if (failure === null) return effectOf(DONE[step.goal.state], step, containerFact(await containers.find(step.name)));
  const stuck = await failureOf(bringBack(step.name, fact, context.work, containers));
  const now = containerFact(await containers.find(step.name));
  const more = { left: markOf(step, now), health: [healthOf(step, now, isUp(fact))] };
  if (stuck) return failed('undo-failed', `${failure}. What was before could not be brought back: ${stuck}`, more);
  return failed(
    'not-as-planned',
    `${failure}. ${fact.exists ? 'The one before is back' : 'Nothing is left of it'}`,
    more,
  );
}

/** @throws OpsError where the container is gone that an undo of the step would bring back. */
async function insistOnKept({ name, goal, before }: ContainerStep, containers: Containers): Promise<void> {
  if (goal.state === 'gone' || !before.exists || (await containers.find(before.id))) return;
  const how = 'config.container.prune removed it, or somebody by hand';
  throw new OpsError(`the container ${shortId(before.id)}, which was ${name} before, is gone: ${how}`);
}

/** One that starts and ends all the time is the same one all the while. */
const isAsPlanned = (step: ContainerStep, now: ContainerFact): boolean =>
  idOf(now) === idOf(step.before) && isSo(step, now) === isSo(step, step.before);
const CHANGED = { code: 'changed-since-plan', message: 'changed after the plan was made' };
const DONE = {
  running: 'runs and is well',
  stopped: 'stopped',
  absent: 'stopped, and kept for an undo',
  gone: 'removed for good',
};

/** Why it cannot be done, or not so that it could be undone; nothing is touched then. */
async function obstacleTo({ goal }: ContainerStep, before: Container | null, { containers }: ContainerPorts) {
  const obstacle = goal.state === 'running' ? await containers.obstacleTo(goal.spec) : null;
  if (obstacle) return { code: 'not-possible', message: obstacle };
  if (goal.state === 'gone')
    return before?.running ? { code: 'not-possible', message: 'runs: what serves is not removed' } : null;
  if (before?.removesItself)
    return { code: 'not-undoable', message: 'removes itself when it ends (--rm): nothing could bring it back' };
  if (before?.restart === 'always' && goal.state !== 'stopped')
    return {
      code: 'not-undoable',
      message: 'restarts always: its engine would bring it back beside its successor. Make it unless-stopped first',
    };
  return null;
}

/** Whether the change came to its end, or could now be brought to it. */
async function isThrough(
  step: ContainerStep,
  before: ContainerFact,
  context: StepContext,
  ports: ContainerPorts,
): Promise<boolean> {
  const { containers } = ports;
  const now = await containers.find(step.name);
  if (!isSo(step, containerFact(now))) return false;
  const { goal } = step;
  if (goal.state !== 'running' || !now) return true;
  const replaced = before.exists && before.id !== now.id ? before : null;
  // No other task runs before this is known.
  const withinMs = Math.min(goal.ready.withinMs, LOOK_MS);
  return (await failureOf(succeed(now, replaced, { ...goal.ready, withinMs }, context, ports))) === null;
}

const idOf = (fact: ContainerFact): string | undefined => (fact.exists ? fact.id : undefined);
const isUp = (fact: ContainerFact): boolean => fact.exists && fact.running;

function isSo({ goal }: ContainerStep, now: ContainerFact): boolean {
  if (goal.state === 'running') return now.exists && now.running && now.spec === specDigest(goal.spec);
  if (goal.state === 'stopped') return now.exists && !now.running;
  return !now.exists;
}

/** By what an undo sees that somebody else changed it. What a step made run counts as running, also where it ended since. */
function markOf(step: ContainerStep, now: ContainerFact): State {
  if (!now.exists || step.goal.state !== 'running') return now;
  return { ...now, running: now.running || now.spec === specDigest(step.goal.spec) };
}

function effectOf(message: string, step: ContainerStep, now: ContainerFact): Effect {
  return applied(message, { left: markOf(step, now), health: [healthOf(step, now, step.goal.state === 'running')] });
}

function healthOf({ name }: ContainerStep, now: ContainerFact, shouldRun: boolean) {
  const status = isUp(now) === shouldRun ? ('healthy' as const) : ('down' as const);
  const state = isUp(now) ? 'runs' : 'does not run';
  return { service: name, status, endpoint: `container ${now.exists ? `${shortId(now.id)} ${state}` : 'gone'}` };
}

function previewOf(step: ContainerStep): string {
  const { name, before, goal } = step;
  if (isSo(step, before)) return `${name} is already so`;
  const present = before.exists ? `container ${shortId(before.id)}${before.running ? '' : ' (does not run)'}` : '';
  if (goal.state === 'stopped') return `would stop ${present}`;
  if (goal.state === 'gone')
    return `would remove ${present} for good: irreversible, and the task that kept it cannot be undone any more`;
  const keeping = `would stop ${present} and keep it as ${keptName(name, '<task>')}`;
  if (goal.state === 'absent') return keeping;
  if (before.exists && before.spec === specDigest(goal.spec)) return `would start ${present}`;
  return [...(before.exists ? [keeping] : []), `would run ${name}:`, ...specLines(goal.spec)].join('\n');
}

/** The spec as it was signed: of a secret it has the reference. */
const specLines = (spec: object): string[] => JSON.stringify(spec, null, 2).split('\n').slice(1, -1);
