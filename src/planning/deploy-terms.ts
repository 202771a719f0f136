import type { App, AppEnvironment } from './app.ts';
import type { AppFact } from './facts.ts';
import { PlanProblem } from './problem.ts';
import { currentId, type Release, type TreeSource } from './release.ts';

const RECEIPT_HOURS = 168;
const HOUR_MS = 3_600_000;

/** The first 8 digits tell releases of one second apart; the time puts them in order. */
export function releaseId(now: number, version: string): string {
  const time = `${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  return `${time}-${version.slice(version.lastIndexOf(':') + 1).slice(0, 8)}`;
}

/** Where the app's releases come from, with this version. @throws PlanProblem where it has none of this form. */
export function treeSource({ source }: Pick<App, 'source'>, version: string): TreeSource {
  const [kind, ...rest] = version.split(':');
  const digits = rest.at(-1) ?? '';
  if (source.type === 'git' && kind === 'commit') return { ...source, commit: digits };
  if (source.type !== 'git' && kind === 'artifact') return { ...source, sha256: digits };
  const wanted = source.type === 'git' ? 'a commit' : 'an artifact';
  throw new PlanProblem('wrong-version', `the app is made of ${source.type}: name ${wanted}`);
}

/** Whether what it runs is a stable release of this version: another one would be the same. */
export const isDeployed = (fact: AppFact, version: string): boolean =>
  fact.releases.some((each) => each.id === currentId(fact) && each.version === version && each.state === 'stable');

/** @throws PlanProblem where nothing is deployed now. */
export function refuseUnready(environment: AppEnvironment, { now, freeze, unfit }: AppFact): void {
  const frozen = freeze.find(
    (each) => each.environments.includes(environment) && Date.parse(each.from) <= now && now < Date.parse(each.to),
  );
  if (frozen)
    throw new PlanProblem(
      'frozen',
      `${environment} is frozen until ${frozen.to}: ${frozen.reason}. Send it again then`,
    );
  if (unfit !== null) throw new PlanProblem('host-unfit', unfit);
}

/** The digest that staging proved. Null in staging, and for an app without one. @throws PlanProblem without a proof. */
export function stagedTree(environment: AppEnvironment, fact: AppFact): string | null {
  if (environment === 'staging' || !fact.app.environments.staging) return null;
  return receiptOf(fact).tree;
}

/** The release that staging proved, and where it lies. @throws PlanProblem without one, or where it is not kept any more. */
export function stagedRelease(fact: AppFact): { path: string; tree: string } {
  if (!fact.app.environments.staging)
    throw new PlanProblem('no-receipt', 'the app has no staging to take a release from: use deploy.release');
  const { id, tree } = receiptOf(fact);
  if (fact.receiptPath !== null) return { path: fact.receiptPath, tree };
  throw new PlanProblem(
    'no-target',
    `staging does not keep ${id} any more: deploy it there again, or use deploy.release`,
  );
}

function receiptOf({ app, now, receipt }: AppFact): Release {
  const hours = app.receipt_hours ?? RECEIPT_HOURS;
  const isRecent = receipt?.stableAt != null && now - receipt.stableAt <= hours * HOUR_MS;
  if (receipt && isRecent) return receipt;
  const why = receipt ? `was stable there more than ${hours} hours ago` : 'was never stable there';
  throw new PlanProblem('no-receipt', `staging comes first, and this version ${why}: deploy it to staging`);
}

/** The release to go back to: what is whole and not vetoed. @throws PlanProblem where there is none. */
export function rollbackTarget(fact: AppFact, to: string | undefined): Release {
  const target = to === undefined ? lastStable(fact) : named(fact, to);
  if (!target)
    throw new PlanProblem(
      'no-target',
      'no stable release before this one is kept, or all are vetoed: see "ops releases"',
    );
  return target;
}

function lastStable(fact: AppFact): Release | undefined {
  return earlier(fact).find(({ state, version }) => state === 'stable' && !fact.vetoed.includes(version));
}

/** Those that are whole, from the one that was made before the current one; all where nobody knows that one. */
export function earlier(fact: AppFact): Release[] {
  const { releases, broken } = fact;
  const current = releases.findIndex(({ id }) => id === currentId(fact));
  return releases.slice(current + 1).filter(({ id }) => !broken.includes(id));
}

function named(fact: AppFact, to: string): Release {
  if (to === currentId(fact)) throw new PlanProblem('no-target', `${to} is what it runs`);
  const target = fact.releases.find(({ id }) => id === to && !fact.broken.includes(id));
  if (!target) throw new PlanProblem('no-target', `${to} is not kept: see "ops releases"`);
  if (fact.vetoed.includes(target.version))
    throw new PlanProblem('vetoed', `${target.version} of ${to} is vetoed for ever: name another release`);
  return target;
}

/** @throws PlanProblem where the task and `etc/apps.yaml` do not say the same of what cannot be taken back. */
export function refuseUnsigned({ migrations = [] }: App, isSigned: boolean): void {
  const isOneWay = migrations.some(({ irreversible }) => irreversible);
  if (isOneWay === isSigned) return;
  const message = isOneWay
    ? 'the app has a migration that cannot be taken back: say irreversible_migrations: true and have irreversible: true signed'
    : 'the app has no migration that cannot be taken back: leave irreversible_migrations and irreversible out';
  throw new PlanProblem('irreversible-migrations', message);
}
