import { execa } from 'execa';
import { OpsError } from '../errors.ts';
import {
  type AppFact,
  containerFact,
  type FactQuery,
  type KeptFact,
  type OwnerFact,
  type PackageFact,
} from '../planning/facts.ts';
import type { AppQuery } from '../services/app-facts.ts';
import type { Containers } from '../services/containers.ts';
import type { Directories, Files, Links, SettingStores, Supervisor, Supervisors, Upgrades } from '../services/host.ts';
import type { FactReader } from '../services/ports.ts';
import type { ScheduleFacts } from '../services/schedule-facts.ts';
import { type OffLimits, refuseChange, refuseOwn } from './off-limits.ts';
import type { SandboxHere } from './sandbox/sandbox.ts';
import { refuseLinkedWay } from './way.ts';

type PackageQuery = Extract<FactQuery, { ask: 'package' }>;

export interface FactSources {
  app: (query: AppQuery) => Promise<AppFact>;
  files: Files;
  containers: Containers;
  kept: (name: string) => Promise<KeptFact>;
  upgrades: Pick<Upgrades, 'installed'>;
  directories: Directories;
  links: Links;
  stores: SettingStores;
  schedules: ScheduleFacts;
  supervisors: Supervisors;
  sandbox: SandboxHere;
  offLimits: OffLimits;
}

export function factReader(sources: FactSources): FactReader {
  return { answer: async (query) => answerTo(query, sources) };
}

async function answerTo(query: FactQuery, sources: FactSources) {
  const { files, containers, directories, links, stores, schedules, supervisors, sandbox, offLimits } = sources;
  // Who asks for one of these is about to change it.
  if ('path' in query) await refuseChange(query.path, offLimits);
  switch (query.ask) {
    case 'app':
      return appFactOf(query, sources);
    case 'file':
      return refuseLinkedWay(query.path).then(() => files.fact(query.path));
    case 'directory':
      return directories.fact(query.path);
    case 'link':
      return links.fact(query.path);
    case 'owner':
      return ownerFact(query.owner);
    case 'package':
      return packageFact(query, stores);
    case 'setting':
      return stores[query.store].look(query.name);
    case 'container':
      return containerFact(await containers.find(query.name));
    case 'installation':
      return { version: await sources.upgrades.installed() };
    case 'kept':
      return sources.kept(query.name);
    case 'schedule':
      return schedules.fact(query.name);
    case 'schedules':
      return schedules.all();
    case 'service': {
      const supervisor: Supervisor = supervisors[query.ref.supervisor];
      return supervisor.look(query.ref);
    }
    case 'sandbox':
      return sandboxName(sandbox);
    case 'ground':
      for (const path of query.paths) await refuseOwn(path, offLimits);
      return null;
  }
}

async function appFactOf(query: AppQuery, { app, offLimits }: FactSources): Promise<AppFact> {
  const fact = await app(query);
  const { root, hand_over } = fact.place;
  for (const path of [root, ...(hand_over ? [hand_over.front.file] : [])]) await refuseChange(path, offLimits);
  return fact;
}

async function packageFact({ manager, name }: PackageQuery, stores: SettingStores): Promise<PackageFact> {
  const store = stores[manager];
  return { ...(await store.look(name)), ...(await store.offer(name)) };
}

function sandboxName(sandbox: SandboxHere): string {
  if ('problem' in sandbox) throw new OpsError(sandbox.problem);
  return sandbox.name;
}

async function ownerFact(owner: string | null): Promise<OwnerFact | null> {
  if (owner === null) return null;
  if (/^\d+:\d+$/.test(owner)) {
    const [uid, gid] = owner.split(':').map(Number);
    return { uid: uid ?? 0, gid: gid ?? 0 };
  }
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => idOf(flag, owner)));
  return { uid: uid ?? 0, gid: gid ?? 0 };
}

async function idOf(flag: string, user: string): Promise<number> {
  const { exitCode, stdout } = await execa('id', [flag, '--', user], { reject: false, env: {}, extendEnv: false });
  if (exitCode !== 0 || !/^\d+$/.test(stdout)) throw new OpsError(`there is no user ${user} on this host`);
  return Number(stdout);
}
