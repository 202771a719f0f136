import { coerceError, OpsError, UnknownCommitError } from '../errors.ts';
import type { State } from '../planning/record.ts';
import type { TreeStep } from '../planning/step.ts';
import type { TreeFact, Trees } from '../services/host.ts';
import { applied, type Effect, failed, refusedTo, type StepContext, type StepKind } from '../services/step-kind.ts';

export interface TreePorts {
  trees: Trees;
}

/**
 * Makes the tree of a release, seals it, or removes it. It captures nothing: a part of its work may be done whatever was
 * there before, so that an undo takes back what it finds, and a resumed task does it again.
 */
export function treeKind({ trees }: TreePorts): StepKind<TreeStep> {
  return {
    observe: async ({ path }) => stateOf(await trees.fact(path)),
    capture: async () => null,
    apply: async (step, context) => {
      const problem = obstacleTo(step, await trees.fact(step.path));
      if (problem !== null) return refusedTo('changed-since-plan', problem);
      const error = await act(step, context, trees).then(() => null, coerceError);
      if (error && step.verb === 'make') return unmade(error);
      if (error) throw error;
      return effectOf(step, await trees.fact(step.path));
    },
    undo: async (step) => {
      if (step.verb !== 'make') return failed('irreversible', 'a deploy fetches what was removed');
      await trees.remove(step.path);
      return applied('removed');
    },
    reconcile: async (step) => {
      const now = await trees.fact(step.path);
      if (isDone(step.verb, now)) return 'done';
      if (step.verb === 'make') await trees.remove(step.path);
      return 'not-done';
    },
    preview: async ({ title }) => `would ${title}`,
  };
}

/** Another commit is for Manager to name, all else for the operator to mend. */
const unmade = (error: Error): Effect =>
  failed(error instanceof UnknownCommitError ? 'unknown-commit' : 'fetch-failed', error.message);

/** What is not whole is nothing that anybody stands on. */
const stateOf = (now: TreeFact): State => (now.exists && now.digest !== '' ? { digest: now.digest } : null);

function obstacleTo({ verb, path }: TreeStep, now: TreeFact): string | null {
  if (verb === 'make') return now.exists ? `${path} is there already` : null;
  return now.exists || verb === 'remove' ? null : `${path} is gone`;
}

function act({ verb, path, source, digest, like }: TreeStep, { signal }: StepContext, trees: Trees): Promise<void> {
  if (verb === 'seal') return trees.seal(path);
  if (verb === 'remove') return trees.remove(path);
  if (source === null) throw new OpsError('a tree is made of nothing');
  return trees.make(path, { source, digest, like, signal });
}

function effectOf({ verb, path }: TreeStep, now: TreeFact): Effect {
  const endpoint = now.exists ? `tree ${now.digest}` : 'absent';
  const message = now.exists ? endpoint : 'removed';
  const health = [{ service: path, status: 'healthy' as const, endpoint }];
  if (isDone(verb, now)) return applied(message, { left: stateOf(now), health });
  return failed('not-as-planned', `${path} is not as it was to be`);
}

function isDone(verb: TreeStep['verb'], now: TreeFact): boolean {
  if (verb === 'remove') return !now.exists;
  return now.exists && now.digest !== '' && (verb === 'make' || now.sealed);
}
