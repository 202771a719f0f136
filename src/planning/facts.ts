import type { App, AppEnvironment, AppsFile } from './app.ts';
import type { InstanceName, Place } from './place.ts';
import type { Release } from './release.ts';
import type { ServiceRef } from './service.ts';

/** What an action asks the host before planning; read-only, with fixed programs. */
export type FactQuery =
  | { ask: 'app'; app: string; environment: AppEnvironment; version: string | null }
  | { ask: 'file'; path: string }
  | { ask: 'owner'; owner: string | null }
  | { ask: 'directory'; path: string }
  | { ask: 'link'; path: string }
  | { ask: 'package'; manager: PackageManager; name: string }
  | { ask: 'setting'; store: StoreName; name: string }
  | { ask: 'container'; name: string }
  | { ask: 'kept'; name: string }
  | { ask: 'schedule'; name: string }
  | { ask: 'schedules' }
  | { ask: 'service'; ref: ServiceRef }
  | { ask: 'installation' }
  /** Commands are refused before anything runs where there is none. */
  | { ask: 'sandbox' }
  /** Refused where one of them belongs to Ops itself: no task changes that, whatever policy allows. */
  | { ask: 'ground'; paths: readonly string[] };

/** A regular file as it is, or that there is none. `mode` is four octal digits. */
export type FileFact = { exists: false } | { exists: true; sha256: string; mode: string; uid: number; gid: number };
export type PresentFile = Extract<FileFact, { exists: true }>;

/** A directory as it is, or that nothing is there. `mode` is four octal digits. */
export type DirectoryFact = { exists: false } | { exists: true; mode: string; uid: number; gid: number };

/** Where a symbolic link leads, as it stands in it; null where nothing is there. */
export type LinkFact = { target: string | null };

export interface OwnerFact {
  uid: number;
  gid: number;
}

export type PackageManager = 'apt' | 'brew';

/** Who keeps settings: a tool of the host. */
export type StoreName = PackageManager | 'default' | 'image';

/** A setting's value in the one form that its store gives it, or null where there is none. */
export type SettingFact = { value: string | null };

/** The container of a name, or that there is none. `spec` is the digest of what Ops made it from; empty where others did. */
export type ContainerFact =
  | { exists: false }
  | { exists: true; id: string; image: string; running: boolean; spec: string };

/** What Ops made and keeps for undos of the container of a name, and the time; milliseconds since 1970. */
export interface KeptFact {
  now: number;
  containers: readonly KeptContainer[];
}

export interface KeptContainer {
  name: string;
  /** When the task had ended that put it aside. */
  since: number;
  container: ContainerFact;
}

/** The versions of a package that can be had now, and the one that its manager would choose (null: none). */
export interface PackageOffer {
  versions: readonly string[];
  candidate: string | null;
}

/** A package's installed version, and what can be had. */
export type PackageFact = SettingFact & PackageOffer;

/** What the ledger says of a schedule: its definition's digest, the task that defined it, and why it is paused ('' where it is not). */
export type ScheduleFact = { exists: false } | { exists: true; definition: string; task_id: string; paused: string };

/** Which version of savorg-ops an installed host runs; null where nothing is installed, as in a checkout. */
interface InstallationFact {
  version: string | null;
}

/** The schedules of this host, and the time. */
export interface SchedulesFact {
  now: number;
  schedules: readonly ScheduleSummary[];
}

interface ScheduleSummary {
  name: string;
  dependsOn: readonly string[];
  /** Until when its definition stands, as it was written. */
  validUntil: string;
}

/** How a service is to stand. */
export interface Standing {
  /** `waiting`: it does not run, but its supervisor starts it by itself when its time comes. */
  state: 'running' | 'waiting' | 'stopped';
  /** Its supervisor starts it with the host. */
  enabled: boolean;
}

export interface PresentService extends Standing {
  /** The sha256 of its definition's text; empty where nobody can say it. */
  definition: string;
  /** Tells this run of it from the others, by pid and start; empty where nothing runs, or nobody can say. */
  run: string;
  /** What its supervisor says of it, for people. */
  says: string;
}

/** What the supervisor says of a service. `unknown`: it said what cannot be understood, and is never taken for fine. */
export type ServiceFact = { state: 'absent' } | { state: 'unknown'; says: string } | PresentService;

/** What a step makes of a service. */
export type ServiceGoal = { state: 'absent' } | (Standing & Pick<PresentService, 'definition'>);

/** What a deploy starts from. */
export interface AppFact {
  now: number;
  /** As `etc/apps.yaml` declares it. */
  app: App;
  place: Place;
  freeze: NonNullable<AppsFile['freeze']>;
  /** Why the host is too short of something to deploy now; null where it is not. */
  unfit: string | null;
  /** Shared paths that are not there. */
  missing: readonly string[];
  /** How its service stands; null where it has none. */
  service: ServiceFact | null;
  /** How its two instances stand; null where it has none. */
  handOver: HandOverFact | null;
  /** What `current` leads to, as it stands in the link; null where there is none. */
  current: string | null;
  /** What the undo of the last task that swapped `current` would have that and the links of instances lead to. */
  back: readonly string[];
  /** Those of this app and environment whose directories are there, the newest first. */
  releases: readonly Release[];
  /** Ids of those of them that are not whole: a removal was not through. */
  broken: readonly string[];
  /** The newest stable one of the same version in staging; null where there is none. */
  receipt: Release | null;
  /** Where its tree lies; null where that is not kept whole. */
  receiptPath: string | null;
  /** Versions of these releases that are vetoed. */
  vetoed: readonly string[];
}

/** What a hand-over starts from. */
export interface HandOverFact {
  instances: Readonly<Record<InstanceName, InstanceFact>>;
  /** What the file of the front is. */
  file: FileFact;
}

export interface InstanceFact {
  stands: ServiceFact;
  /** What its link leads to, as it stands in it; null where there is none. */
  leadsTo: LinkFact['target'];
}

export interface FactOf {
  app: AppFact;
  schedule: ScheduleFact;
  schedules: SchedulesFact;
  /** Its name. */
  sandbox: string;
  ground: null;
  file: FileFact;
  service: ServiceFact;
  directory: DirectoryFact;
  link: LinkFact;
  package: PackageFact;
  setting: SettingFact;
  container: ContainerFact;
  installation: InstallationFact;
  kept: KeptFact;
  /** Null where none was asked for. */
  owner: OwnerFact | null;
}

export type FactQueries = Readonly<Record<string, FactQuery>>;

/** Of an action that needs to know nothing. */
export type NoFacts = Readonly<Record<string, never>>;

/** The answers, under the names of their queries. */
export type Facts<Q extends FactQueries> = { readonly [K in keyof Q]: FactOf[Q[K]['ask']] };

/** Whether a mode lets everybody do something. */
export const isOpenToAll = (mode: string): boolean => !mode.endsWith('0');

export function sameFile(a: FileFact, b: FileFact): boolean {
  if (!a.exists || !b.exists) return a.exists === b.exists;
  return a.sha256 === b.sha256 && a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}

/** Whether a service stands as told. Which run of it that is does not count; what is unknown equals nothing. */
export function sameService(a: ServiceFact | ServiceGoal, b: ServiceFact | ServiceGoal): boolean {
  if (a.state === 'unknown' || b.state === 'unknown') return false;
  if (a.state === 'absent' || b.state === 'absent') return a.state === b.state;
  return a.state === b.state && a.enabled === b.enabled && a.definition === b.definition;
}

/** What a plan starts from, of all that an engine tells of a container. */
export function containerFact(found: Omit<Extract<ContainerFact, { exists: true }>, 'exists'> | null): ContainerFact {
  if (!found) return { exists: false };
  const { id, image, running, spec } = found;
  return { exists: true, id, image, running, spec };
}
