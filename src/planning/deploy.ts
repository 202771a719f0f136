import {
  asBefore,
  back,
  checkSteps,
  commandIn,
  forward,
  linkStep,
  recordStep,
  restartStep,
  watchMsOf,
  watchSteps,
} from './deploy-steps.ts';
import type { AppFact } from './facts.ts';
import { handOverSteps } from './hand-over.ts';
import type { Place } from './place.ts';
import { PlanProblem } from './problem.ts';
import { releasePath, type TreeSource } from './release.ts';
import type { CommandStep, LinkStep, ReleaseStep, Step, TreeStep } from './step.ts';

type Named = ReleaseStep['release'];

interface Making {
  release: Named;
  source: TreeSource;
  fact: AppFact;
  /** The digest that its tree must have; null where any. */
  digest: string | null;
}

/**
 * The directory of a release, whole and sealed, that nothing leads to yet. What is put into it goes with it.
 * @throws PlanProblem where a shared path is not there.
 */
export function makingSteps({ release, source, fact, digest }: Making): Step[] {
  const { app, place, missing } = fact;
  if (missing.length > 0)
    throw new PlanProblem('shared-missing', `make ${missing.join(', ')} below ${place.root}/shared first`);
  const path = releasePath(place, release.id);
  const isBuilt = source.type === 'release';
  const build = isBuilt ? [] : (app.build ?? []);
  const tree = { kind: 'tree', target: path, path, source: null, digest: null, like: null } as const;
  const like = build.length === 0 ? likeOf(fact) : null;
  const proof = release.environment === 'staging' || app.environments.staging ? '' : ' (the app has no staging)';
  const make: TreeStep = { ...tree, verb: 'make', title: `fetch ${release.version}${proof}`, source, digest, like };
  const inside: Step[] = [
    ...build.map((each): Step => ({ ...commandIn(path, 'build', each, [path]), ofCode: true })),
    ...(app.shared ?? []).map((name) => sharedLink(fact.place, path, name)),
    { ...tree, verb: 'seal', title: `seal ${path}` },
  ];
  return [make, ...inside.map(forward), recordStep(release, path, 'new'), ...preflightSteps(place, path)];
}

/** The newest stable release that is there: its files do not change. */
const likeOf = ({ place, releases, broken }: AppFact): string | null => {
  const stable = releases.find(({ id, state }) => state === 'stable' && !broken.includes(id));
  return stable ? releasePath(place, stable.id) : null;
};

function preflightSteps({ preflight }: Place, path: string): Step[] {
  return preflight ? [forward({ ...commandIn(path, 'preflight', preflight, []), ofCode: true })] : [];
}

/** The app's migrations in a release of it. */
export function migrationSteps({ app: { migrations = [] }, place }: AppFact, { id }: Named): CommandStep[] {
  return migrations.map((each) => {
    const step = commandIn(releasePath(place, id), 'migrate', each, [`${place.root}/shared`]);
    return { ...step, undo: each.undo ? { ...step.command, argv: each.undo } : null };
  });
}

/** Has a release be what the app runs, and makes it stable where it was healthy. @throws PlanProblem where that cannot be. */
export function cutOverSteps(release: Named, fact: AppFact, migrations: readonly CommandStep[] = []): Step[] {
  const { place, handOver } = fact;
  const steps =
    place.hand_over && handOver
      ? [...migrations, ...handOverSteps(release.id, fact, place.hand_over, handOver)]
      : restartSteps(release.id, fact, migrations);
  return [...steps, recordStep(release, releasePath(place, release.id), 'stable')];
}

/**
 * Has `current` lead to a release, and its service run it. On the way back the link comes first, then the migrations, then
 * the service runs what was there, then it is looked at: but whatever cannot be taken back, the service is brought back.
 */
function restartSteps(id: string, fact: AppFact, migrations: readonly CommandStep[]): Step[] {
  const { place, service, current } = fact;
  const restart = place.service && service ? [restartStep(place.service, service)] : [];
  const oneWay = migrations.findLastIndex(({ undo }) => undo === null) + 1;
  return [
    ...migrations.slice(0, oneWay),
    ...backSteps(fact),
    ...migrations.slice(oneWay),
    linkStep(`${place.root}/current`, id, current),
    ...restart,
    ...checkSteps(place),
    ...watchSteps(place, place.service ?? null, watchMsOf(place)),
  ];
}

/** The look comes first here, so that it is the last on the way back. A service that did not run is not looked at. */
function backSteps({ place, service, current }: AppFact): Step[] {
  const isToRun = current !== null && (service === null || service.state === 'running');
  const restart = place.service && service ? [asBefore(place.service, service)] : [];
  return [...(isToRun ? checkSteps(place).map(back) : []), ...restart];
}

function sharedLink({ root }: Place, release: string, name: string): LinkStep {
  const path = `${release}/${name}`;
  const wanted = `${root}/shared/${name}`;
  return { kind: 'link', target: path, title: `share ${name}`, path, wanted, before: { target: null } };
}
