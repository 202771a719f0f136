import type { AppsFile, Place } from '../planning/app.ts';
import type { FactQuery, ServiceFact } from '../planning/facts.ts';
import { PlanProblem } from '../planning/problem.ts';
import { type AppFact, type Release, releasePath } from '../planning/release.ts';
import { serviceName } from '../planning/service.ts';
import type { Links, Supervisor, Supervisors, Trees } from './host.ts';
import type { Ledger } from './ledger.ts';
import type { Clock } from './ports.ts';

export interface AppFactParts {
  /** What is declared now. @throws OpsError where it cannot be read. */
  apps: () => AppsFile;
  ledger: Pick<Ledger, 'releases' | 'withdrawals'>;
  links: Pick<Links, 'fact'>;
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

/** @throws PlanProblem where the app or its environment is not declared. */
export async function appFact({ app, environment, version }: AppQuery, parts: AppFactParts): Promise<AppFact> {
  const { freeze = [], host = {}, apps } = parts.apps();
  const declared = apps[app];
  const place = declared?.environments[environment];
  if (!declared || !place) throw new PlanProblem('unknown-app', `etc/apps.yaml declares no ${environment} of ${app}`);
  const { links, clock, ledger } = parts;
  const releases = await kept(ledger.releases(app, environment), place, parts);
  const staged = ledger.releases(app, 'staging').find((each) => each.state === 'stable' && each.version === version);
  return {
    now: clock.now(),
    app: declared,
    place,
    freeze,
    unfit: await unfitness(place, host, parts),
    service: await serviceOf(place, parts),
    current: (await links.fact(`${place.root}/current`)).target,
    releases,
    receipt: staged ?? null,
    vetoed: releases.map((each) => each.version).filter((each) => isVetoed(each, parts)),
  };
}

async function kept(releases: readonly Release[], place: Place, { trees }: AppFactParts): Promise<Release[]> {
  const facts = await Promise.all(releases.map(({ id }) => trees.fact(releasePath(place, id))));
  return releases.filter((_, index) => facts[index]?.exists);
}

/** @throws PlanProblem where nobody can tell how it stands. */
async function serviceOf({ service }: Place, { supervisors }: AppFactParts): Promise<ServiceFact | null> {
  if (!service) return null;
  const supervisor: Supervisor = supervisors[service.supervisor];
  const fact = await supervisor.look(service);
  if (fact.state === 'unknown') throw new PlanProblem('service-unknown', `${serviceName(service)}: ${fact.says}`);
  return fact;
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
  if (freeMemoryMb < free_memory_mb) return `${freeMemoryMb} MB of memory are free, and ${free_memory_mb} must be`;
  if (loadPerCore > load_per_core)
    return `the load is ${loadPerCore.toFixed(1)} a core, and may be ${load_per_core}: send it again later`;
  return null;
}
