import type { AppCommand, Place } from './app.ts';
import { commandLine, commandSpec, probeStep } from './command.ts';
import type { AppFact } from './facts.ts';
import { PlanProblem } from './problem.ts';
import { releasePath, type TreeSource } from './release.ts';
import { type ServiceRef, serviceName } from './service.ts';
import { serviceStep } from './service-step.ts';
import type { CommandStep, LinkStep, ReleaseStep, Step, TreeStep, WatchStep } from './step.ts';

const WATCH_MS = 120_000;
const LOOK_EVERY_MS = 1_000;

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

/**
 * Has `current` lead to a release, and its service run it. On the way back the link comes first, then the migrations, then
 * the service runs what was there, then it is looked at: but whatever cannot be taken back, the service is brought back.
 * @throws PlanProblem where its service is not there, or nobody knows how it stands.
 */
export function cutOverSteps(release: Named, fact: AppFact, migrations: readonly CommandStep[] = []): Step[] {
  const { place } = fact;
  const restart = restartOf(fact);
  const path = releasePath(place, release.id);
  const oneWay = migrations.findLastIndex(({ undo }) => undo === null) + 1;
  return [
    ...migrations.slice(0, oneWay),
    ...backSteps(fact),
    ...migrations.slice(oneWay),
    currentLink(place, release.id, fact.current),
    ...restart,
    ...place.checks.map(probeStep),
    ...watchSteps(place),
    recordStep(release, path, 'stable'),
  ];
}

/** It runs afterwards, whether it ran before or not. */
function restartOf({ place: { service: ref }, service }: AppFact): Step[] {
  if (!ref || !service) return [];
  const name = serviceName(ref);
  if (service.state === 'unknown') throw new PlanProblem('service-unknown', `${name}: ${service.says}`);
  if (service.state === 'absent')
    throw new PlanProblem('service-absent', `there is no ${name}: install it first (config.service.install)`);
  return [forward({ ...serviceStep('restart', ref, service), before: null })];
}

/** The look comes first here, so that it is the last on the way back. A service that did not run is not looked at. */
function backSteps({ place, service, current }: AppFact): Step[] {
  const isToRun = current !== null && (service === null || service.state === 'running');
  const checks = isToRun ? place.checks.map(probeStep) : [];
  const restart = place.service && service ? [asBefore(place.service, service)] : [];
  return [...checks, ...restart].map((step) => ({ ...step, title: `${step.title} on the way back`, only: 'back' }));
}

/** Another run of it where it ran, for it must run what is there now. */
function asBefore(ref: ServiceRef, before: NonNullable<AppFact['service']>): Step {
  if (before.state === 'absent' || before.state === 'unknown' || before.state === 'running')
    return { ...serviceStep('restart', ref, before), before: null };
  const { state, enabled, definition } = before;
  return { ...serviceStep('stop', ref, before), before: null, after: { state, enabled, definition } };
}

const forward = (step: Step): Step => ({ ...step, only: 'forward' });

function currentLink({ root }: Place, id: string, target: string | null): LinkStep {
  const path = `${root}/current`;
  const title = `have ${path} lead to ${id}`;
  return { kind: 'link', target: path, title, path, wanted: `releases/${id}`, before: { target } };
}

function sharedLink({ root }: Place, release: string, name: string): LinkStep {
  const path = `${release}/${name}`;
  const wanted = `${root}/shared/${name}`;
  return { kind: 'link', target: path, title: `share ${name}`, path, wanted, before: { target: null } };
}

function recordStep(release: Named, path: string, state: ReleaseStep['state']): ReleaseStep {
  const { app, environment, id } = release;
  const target = `release:${app}/${environment}/${id}`;
  return {
    kind: 'record',
    record: 'release',
    target,
    title: `${id} is ${state}`,
    release: { app, environment, id, version: release.version },
    path,
    state,
  };
}

function watchSteps({ watch = {}, checks, service }: Place): WatchStep[] {
  const forMs = watch.for_ms ?? WATCH_MS;
  if (forMs === 0) return [];
  const target = checks[0]?.service ?? '';
  const title = `watch ${target} for ${forMs / 1000} s`;
  const limits = { forMs, everyMs: watch.every_ms ?? LOOK_EVERY_MS, failures: watch.failures ?? 0 };
  const latencyMs = watch.latency_ms ?? null;
  return [{ kind: 'watch', target, title, checks, service: service ?? null, ...limits, latencyMs }];
}

function commandIn(cwd: string, what: string, command: AppCommand, writes: readonly string[]): CommandStep {
  const { argv, env, network, timeout_ms } = command;
  const resources = writes.map((path) => `path:${path}`);
  const spec = commandSpec({ cwd, env, network, timeout_ms, resources }, argv, '');
  const title = `${what}: ${commandLine(argv)}`;
  return { kind: 'command', target: argv[0] ?? '', title, command: spec, undo: null, guard: null };
}
