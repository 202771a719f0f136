import type { AppCommand, AppEnvironment, Place } from './app.ts';
import { commandLine, commandSpec, probeStep } from './command.ts';
import { PlanProblem } from './problem.ts';
import { type AppFact, type Release, releasePath } from './release.ts';
import { serviceStep } from './service-step.ts';
import type { CommandStep, LinkStep, ReleaseStep, Step, TreeSource, TreeStep, WatchStep } from './step.ts';

const WATCH_MS = 120_000;
const LOOK_EVERY_MS = 1_000;
const RECEIPT_HOURS = 168;

/** What it made goes with its release. */
const NOTHING = ['true'];

/** The first 8 digits tell releases of one second apart; the time puts them in order. */
export function releaseId(now: number, version: string): string {
  const time = `${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  return `${time}-${version.slice(version.lastIndexOf(':') + 1).slice(0, 8)}`;
}

/** Where the app's releases come from, with this version. @throws PlanProblem where it has none of this form. */
export function treeSource({ app: { source } }: Pick<AppFact, 'app'>, version: string): TreeSource {
  const [kind, ...rest] = version.split(':');
  const digits = rest.at(-1) ?? '';
  if (source.type === 'git' && kind === 'commit') return { ...source, commit: digits };
  if (source.type !== 'git' && kind === 'artifact') return { ...source, sha256: digits };
  const wanted = source.type === 'git' ? 'a commit' : 'an artifact';
  throw new PlanProblem('wrong-version', `the app is made of ${source.type}: name ${wanted}`);
}

/** @throws PlanProblem where nothing is deployed now. */
export function refuseUnready(environment: AppEnvironment, { now, freeze, unfit }: AppFact): void {
  const frozen = freeze.find(
    (each) => each.environments.includes(environment) && Date.parse(each.from) <= now && now < Date.parse(each.to),
  );
  if (frozen) throw new PlanProblem('frozen', `${environment} is frozen until ${frozen.to}: ${frozen.reason}`);
  if (unfit !== null) throw new PlanProblem('host-unfit', unfit);
}

/** The digest that staging proved. Null in staging, and for an app without one. @throws PlanProblem without a proof. */
export function stagedTree(environment: AppEnvironment, fact: AppFact): string | null {
  if (environment === 'staging' || !fact.app.environments.staging) return null;
  return receiptOf(fact).tree;
}

/** Where the release lies that staging proved. @throws PlanProblem without one, or where it is not kept any more. */
export function stagedRelease(fact: AppFact): string {
  const { staging } = fact.app.environments;
  if (!staging)
    throw new PlanProblem('no-receipt', 'the app has no staging to take a release from: use deploy.release');
  return releasePath(staging, receiptOf(fact).id);
}

function receiptOf({ app, now, receipt }: AppFact): Release {
  const hours = app.receipt_hours ?? RECEIPT_HOURS;
  const isRecent = receipt?.stableAt != null && now - receipt.stableAt <= hours * 3_600_000;
  if (receipt && isRecent) return receipt;
  const why = receipt ? `is older than ${hours} hours` : 'was never stable there';
  throw new PlanProblem('no-receipt', `staging comes first: this version ${why}. Deploy it to staging`);
}

/** The release to go back to. @throws PlanProblem where there is none, or where it is vetoed. */
export function rollbackTarget({ current, releases, vetoed }: AppFact, to: string | undefined): Release {
  const kept = releases.filter(({ id }) => current !== `releases/${id}`);
  const target = to === undefined ? kept.find(({ state }) => state === 'stable') : kept.find(({ id }) => id === to);
  if (!target)
    throw new PlanProblem('no-target', `${to ?? 'a stable release before this one'} is not kept: see "ops releases"`);
  if (vetoed.includes(target.version)) throw new PlanProblem('vetoed', `${target.version} of ${target.id} is vetoed`);
  return target;
}

interface Making {
  release: ReleaseStep['release'];
  source: TreeSource;
  fact: AppFact;
  /** The digest that its tree must have; null where any. */
  digest: string | null;
}

/** The directory of a release, whole and sealed, that nothing leads to yet. */
export function makingSteps({ release, source, fact, digest }: Making): Step[] {
  const { place } = fact;
  const path = releasePath(place, release.id);
  const { migrations = [], shared = [] } = fact.app;
  const build = source.type === 'release' ? [] : (fact.app.build ?? []);
  const tree = { kind: 'tree', target: path, path, source: null, digest: null, like: null } as const;
  const like = build.length === 0 ? likeOf(fact) : null;
  const make: TreeStep = { ...tree, verb: 'make', title: `fetch ${release.version}`, source, digest, like };
  return [
    make,
    ...build.map((each) => commandIn(path, 'build', each, [path])),
    ...shared.map((name) => sharedLink(place, path, name)),
    { ...tree, verb: 'seal', title: `seal ${path}` },
    ...(place.preflight ? [commandIn(path, 'preflight', place.preflight, [])] : []),
    ...migrations.map((each) => migrationStep(place, path, each)),
  ];
}

/** The newest stable release that is there: its files do not change. */
const likeOf = ({ place, releases }: AppFact): string | null => {
  const stable = releases.find(({ state }) => state === 'stable');
  return stable ? releasePath(place, stable.id) : null;
};

/**
 * Has `current` lead to a release, and its service run it. What stands in the front of the link is done when the link
 * is back where it was: a restart, and a look.
 */
export function cutOverSteps(release: ReleaseStep['release'], fact: AppFact): Step[] {
  const { place, service } = fact;
  const checks = place.checks.map(probeStep);
  const restart = place.service && service ? [serviceStep('restart', place.service, service)] : [];
  const back = fact.current === null ? [] : [...checks, ...restart].map(inverse);
  const path = releasePath(place, release.id);
  return [
    recordStep(release, path, 'new'),
    ...back,
    currentLink(place, release.id, fact.current),
    ...restart,
    ...checks,
    ...watchSteps(place),
    recordStep(release, path, 'stable'),
  ];
}

const inverse = (step: Step): Step => ({ ...step, title: `${step.title}, once it is taken back`, inverse: true });

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

function recordStep(release: ReleaseStep['release'], path: string, state: ReleaseStep['state']): ReleaseStep {
  const target = `release:${release.id}`;
  return { kind: 'record', record: 'release', target, title: `${release.id} is ${state}`, release, path, state };
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
  const spec = commandSpec(
    { cwd, env, network, timeout_ms, resources: writes.map((path) => `path:${path}`) },
    argv,
    '',
  );
  const title = `${what}: ${commandLine(argv)}`;
  return {
    kind: 'command',
    target: argv[0] ?? '',
    title,
    command: spec,
    undo: { ...spec, argv: NOTHING },
    guard: null,
  };
}

function migrationStep(
  { root }: Place,
  cwd: string,
  migration: AppCommand & { undo?: string[] | undefined },
): CommandStep {
  const step = commandIn(cwd, 'migrate', migration, [`${root}/shared`]);
  return { ...step, undo: migration.undo ? { ...step.command, argv: migration.undo } : null };
}

/** The releases whose directories may go, the oldest first: not the current one, nor those to keep. */
export function prunable({ app, current, releases }: AppFact): Release[] {
  const others = releases.filter(({ id }) => current !== `releases/${id}`);
  const stable = others.filter(({ state }) => state === 'stable').slice(0, (app.keep ?? 5) - 1);
  return others.filter((release) => !stable.includes(release)).toReversed();
}

export function removalSteps({ place }: AppFact, releases: readonly Release[]): TreeStep[] {
  return releases.map(({ id }) => {
    const path = releasePath(place, id);
    const step = { kind: 'tree', verb: 'remove', target: path, title: `remove ${path}`, path } as const;
    return { ...step, source: null, digest: null, like: null };
  });
}
