import { earlier } from './deploy-terms.ts';
import type { AppFact } from './facts.ts';
import { PlanProblem } from './problem.ts';
import { currentId, type Release, releasePath } from './release.ts';
import type { TreeStep } from './step.ts';

const KEEP = 5;

/**
 * The releases that may go, the oldest first. Kept are the one that runs, the stable one before it, what the last undo
 * would lead back to, and of the stable ones the newest, as many as the app keeps in all.
 * @throws PlanProblem where nobody knows which one runs.
 */
export function prunable(fact: AppFact): Release[] {
  const { app, current, back, releases, broken } = fact;
  if (current !== null && currentId(fact) === null)
    throw new PlanProblem('current-unknown', `current leads to ${current}, which is no release: deploy one first`);
  const before = earlier(fact).find(({ state }) => state === 'stable');
  const needed = new Set([current, ...back, before && `releases/${before.id}`]);
  const kept = new Set(releases.filter(({ id }) => needed.has(`releases/${id}`)));
  const stable = releases.filter(({ id, state }) => state === 'stable' && !broken.includes(id));
  for (const release of stable) if (kept.size < (app.keep ?? KEEP)) kept.add(release);
  return releases.filter((release) => !kept.has(release)).toReversed();
}

export function removalSteps({ place }: AppFact, releases: readonly Release[]): TreeStep[] {
  return releases.map(({ id }) => {
    const path = releasePath(place, id);
    const step = { kind: 'tree', verb: 'remove', target: path, title: `remove ${path}`, path } as const;
    return { ...step, source: null, digest: null, like: null };
  });
}
