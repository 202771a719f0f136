import { OpsError } from '../errors.ts';
import type { State } from '../planning/record.ts';
import type { TreeStep } from '../planning/step.ts';
import type { TreeFact, Trees } from '../services/host.ts';
import { applied, type Effect, failed, refusedTo, type StepContext, type StepKind } from '../services/step-kind.ts';

export interface TreePorts {
  trees: Trees;
}

/** Makes the tree of a release, seals it, or removes it. */
export function treeKind({ trees }: TreePorts): StepKind<TreeStep> {
  const look = async ({ path }: TreeStep): Promise<State> => ({ ...(await trees.fact(path)) });
  return {
    observe: look,
    capture: look,
    apply: async (step, context) => {
      const problem = obstacleTo(step, await trees.fact(step.path));
      if (problem !== null) return refusedTo('changed-since-plan', problem);
      await act(step, context, trees);
      return effectOf(step, await trees.fact(step.path));
    },
    undo: async (step) => {
      if (step.verb === 'remove') return failed('irreversible', 'what was removed is fetched again by a deploy');
      if (step.verb === 'make') await trees.remove(step.path);
      return applied(step.verb === 'make' ? 'removed' : 'it goes with its release', { left: await look(step) });
    },
    reconcile: async (step) => answerOf(step, await trees.fact(step.path)),
    preview: async (step) => `would ${step.title}`,
  };
}

function obstacleTo({ verb, path }: TreeStep, now: TreeFact): string | null {
  if (verb === 'make') return now.exists ? `${path} is there meanwhile` : null;
  return now.exists ? null : `${path} is gone`;
}

function act({ verb, path, source, digest, like }: TreeStep, { signal }: StepContext, trees: Trees): Promise<void> {
  if (verb === 'seal') return trees.seal(path);
  if (verb === 'remove') return trees.remove(path);
  if (source === null) throw new OpsError('a tree is made of nothing');
  return trees.make(path, { source, digest, like, signal });
}

function effectOf({ verb, path }: TreeStep, now: TreeFact): Effect {
  const health = [
    { service: path, status: 'healthy' as const, endpoint: now.exists ? `tree ${now.digest}` : 'absent' },
  ];
  const left = { ...now };
  if (isDone(verb, now)) return applied(now.exists ? `tree ${now.digest}` : 'removed', { left, health });
  return failed('not-as-planned', `${path} is not as it was to be`, { left });
}

function isDone(verb: TreeStep['verb'], now: TreeFact): boolean {
  if (verb === 'remove') return !now.exists;
  return now.exists && now.digest !== '' && (verb === 'make' || now.sealed);
}

function answerOf({ verb }: TreeStep, now: TreeFact): 'done' | 'not-done' {
  return isDone(verb, now) ? 'done' : 'not-done';
}
