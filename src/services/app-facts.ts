import { coerceError } from '../errors.ts';
import type { App, AppsFile } from '../planning/app.ts';
import type { AppFact, FactQuery, HandOverFact, InstanceFact, ServiceFact } from '../planning/facts.ts';
import type { InstanceName, Place } from '../planning/place.ts';
import { PlanProblem } from '../planning/problem.ts';
import { type Release, releasePath } from '../planning/release.ts';
import type { ServiceRef } from '../planning/service.ts';
import type { Files, Links, Supervisor, Supervisors, TreeFact, Trees } from './host.ts';
import type { Ledger } from './ledger.ts';
import type { Clock } from './ports.ts';

export interface AppFactParts {
  /** What is declared now. @throws OpsError where it cannot be read. */
  apps: () => AppsFile;
  ledger: Pick<Ledger, 'releases' | 'withdrawals' | 'laterTaskOn' | 'steps'>;
  files: Pick<Files, 'fact'>;
  links: Pick<Links, 'fact' | 'leads'>;
  trees: Pick<Trees, 'fact'>;
  supervisors: Supervisors;
  health: HostHealth;
  clock: Clock;
}

/** How the host is, in megabytes and load over a minute for each core. */
export interface HostHealth {
  look(folder: string): Promise<{ freeDiskMb: number; freeMemoryMb: number; loadPerCore: number }>;
}

export type AppQuery = Extract<FactQuery, { ask: 'app' }>;

/** @throws PlanProblem where the app or its environment is not declared, or nobody can read what is. */
export async function appFact({ app, environment, version }: AppQuery, parts: AppFactParts): Promise<AppFact> {
  const { freeze = [], host = {}, apps } = declared(parts);
  const found = Object.hasOwn(apps, app) ? apps[app] : undefined;
  const place = found?.environments[environment];
  if (!found || !place) throw new PlanProblem('unknown-app', `etc/apps.yaml declares no ${environment} of ${app}`);
  const { links, clock, ledger } = parts;
  return {
    now: clock.now(),
    app: found,
    place,
    freeze,
    // What brings nothing new is not to be kept from helping.
    unfit: version === null ? null : await unfitness(place, host, parts),
    missing: await missingIn(found, place, parts),
    service: place.service ? await lookAt(place.service, parts) : null,
    handOver: await handOverOf(place, parts),
    current: (await links.fact(currentOf(place))).target,
    back: backIn(place, parts),
    ...(await keptIn(ledger.releases(app, environment), place, parts)),
    ...(await receiptOf(app, version, found, parts)),
  };
}

function declared({ apps }: AppFactParts): AppsFile {
  try {
    return apps();
  } catch (error) {
    throw new PlanProblem('bad-apps', coerceError(error).message);
  }
}

const currentOf = ({ root }: Place): string => `${root}/current`;

async function missingIn({ shared = [] }: App, { root }: Place, { links }: AppFactParts): Promise<string[]> {
  const leads = await Promise.all(shared.map((name) => links.leads(`${root}/shared/${name}`)));
  return shared.filter((_, index) => !leads[index]);
}

/** The links of instances are a hand-over's only. */
const linksOf = (place: Place): string[] => ['-a', '-b', ''].map((name) => `${currentOf(place)}${name}`);

function backIn(place: Place, { ledger }: AppFactParts): string[] {
  const taskId = ledger.laterTaskOn({ kind: 'link', target: currentOf(place) }, null);
  const steps = taskId === undefined ? [] : ledger.steps(taskId);
  const swaps = steps.filter(({ step }) => step.kind === 'link' && linksOf(place).includes(step.target));
  return swaps.map(({ captured }) => captured?.['target']).filter((target) => typeof target === 'string');
}

async function keptIn(all: readonly Release[], place: Place, parts: AppFactParts) {
  const facts = await Promise.all(all.map(({ id }) => parts.trees.fact(releasePath(place, id))));
  const there = all.map((release, index) => ({ release, fact: facts[index] })).filter(({ fact }) => fact?.exists);
  const releases = there.map(({ release }) => release);
  const broken = there.filter(({ fact }) => !isWhole(fact)).map(({ release }) => release.id);
  const versions = [...new Set(releases.map(({ version }) => version))];
  return { releases, broken, vetoed: versions.filter((version) => isVetoed(version, parts)) };
}

const isWhole = (fact: TreeFact | undefined): boolean => fact?.exists === true && fact.digest !== '';

async function receiptOf(app: string, version: string | null, { environments }: App, { ledger, trees }: AppFactParts) {
  const staged = ledger.releases(app, 'staging').find((each) => each.state === 'stable' && each.version === version);
  const path = staged && environments.staging && releasePath(environments.staging, staged.id);
  return { receipt: staged ?? null, receiptPath: path && isWhole(await trees.fact(path)) ? path : null };
}

async function lookAt(service: ServiceRef, { supervisors }: AppFactParts): Promise<ServiceFact> {
  const supervisor: Supervisor = supervisors[service.supervisor];
  return supervisor.look(service);
}

async function handOverOf(place: Place, parts: AppFactParts): Promise<HandOverFact | null> {
  const { hand_over } = place;
  if (!hand_over) return null;
  const factOf = async (name: InstanceName): Promise<InstanceFact> => ({
    stands: await lookAt(hand_over.instances[name].service, parts),
    leadsTo: (await parts.links.fact(`${currentOf(place)}-${name}`)).target,
  });
  return {
    instances: { a: await factOf('a'), b: await factOf('b') },
    file: await parts.files.fact(hand_over.front.file),
  };
}

const isVetoed = (version: string, { ledger, clock }: AppFactParts): boolean =>
  ledger.withdrawals([version], clock.now()).some(({ verb }) => verb === 'veto');

const DISK_MB = 1024;
const MEMORY_MB = 256;
const LOAD = 8;

async function unfitness(
  { root }: Place,
  { free_disk_mb = DISK_MB, free_memory_mb = MEMORY_MB, load_per_core = LOAD }: NonNullable<AppsFile['host']>,
  { health }: AppFactParts,
): Promise<string | null> {
  const { freeDiskMb, freeMemoryMb, loadPerCore } = await health.look(root);
  if (freeDiskMb < free_disk_mb)
    return `${freeDiskMb} MB are free at ${root}, and ${free_disk_mb} must be: prune, or make room`;
  if (freeMemoryMb < free_memory_mb)
    return `${freeMemoryMb} MB of memory are free, and ${free_memory_mb} must be: end something, or send it again later`;
  if (loadPerCore > load_per_core)
    return `the load is ${loadPerCore.toFixed(1)} a core, and may be ${load_per_core}: send it again later`;
  return null;
}
