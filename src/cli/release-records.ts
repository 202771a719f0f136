import type { Release } from '../planning/release.ts';
import type { LinkStep, Step, TreeStep } from '../planning/step.ts';
import type { Ledger } from '../services/ledger.ts';

/** A release as the ledger tells of it. `removed`: its folder was pruned. */
export interface ReleaseView {
  release: Release;
  state: 'stands' | 'kept' | 'new' | 'removed';
}

/** All that were made here and not taken back, by app and environment, the newest first. */
export function releaseViews(ledger: Ledger): ReleaseView[] {
  const places = Map.groupBy(ledger.releases(), ({ app, environment }) => `${app} ${environment}`);
  return [...places]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .flatMap(([, releases]) => viewsOf(releases, ledger));
}

/** What became stable last is what the place runs: going back to a release makes it stable anew. */
function viewsOf(releases: readonly Release[], ledger: Ledger): ReleaseView[] {
  const lastAt = Math.max(...releases.map(({ stableAt }) => stableAt ?? 0));
  return releases.map((release) => {
    if (isRemoved(release, ledger)) return { release, state: 'removed' };
    if (release.state === 'new') return { release, state: 'new' };
    return { release, state: release.stableAt === lastAt ? 'stands' : 'kept' };
  });
}

function isRemoved(release: Release, ledger: Ledger): boolean {
  const made = makingOf(release, ledger);
  return made !== undefined && ledger.laterTaskOn(made, release.task_id) !== undefined;
}

/** The release that the place ran when this one came; undefined where there was none, or it is not known any more. */
export function releaseBefore(release: Release, ledger: Ledger): Release | undefined {
  const link = stepOf(release, ledger, (step): step is LinkStep => leadsTo(step, release));
  const id = link?.before.target?.replace(/^releases\//, '');
  return id === undefined ? undefined : ledger.releaseAt({ ...release, id });
}

const leadsTo = (step: Step, { id }: Release): boolean => step.kind === 'link' && step.wanted === `releases/${id}`;

/** The remote that its commit came from, also where it came by another environment; undefined where it is of none. */
export function remoteOf({ app, version }: Release, ledger: Ledger): string | undefined {
  const sources = ledger
    .releases(app)
    .filter((other) => other.version === version)
    .map((other) => makingOf(other, ledger)?.source);
  return sources.find((source) => source?.type === 'git')?.remote;
}

/** The step that made its tree. */
function makingOf(release: Release, ledger: Ledger): TreeStep | undefined {
  return stepOf(
    release,
    ledger,
    (step): step is TreeStep => step.kind === 'tree' && step.verb === 'make' && step.path.endsWith(`/${release.id}`),
  );
}

function stepOf<S extends Step>({ task_id }: Release, ledger: Ledger, is: (step: Step) => step is S): S | undefined {
  return ledger
    .steps(task_id)
    .map(({ step }) => step)
    .find(is);
}
