import type { App, AppEnvironment, AppsFile, Place } from './app.ts';
import type { ServiceFact } from './facts.ts';

/** A release of an app in one environment. */
export interface Release {
  /** `<time>-<first 8 digits>`, e.g. 20261123T194000Z-4f9c12ab: its directory's name. */
  id: string;
  app: string;
  environment: AppEnvironment;
  /** `commit:<40 hex>` or `artifact:sha256:<64 hex>`, as a veto names it. */
  version: string;
  /** The digest of its tree as it was fetched; the same for the same code on every host. */
  tree: string;
  /** `stable`: it was healthy through its watch window. `new`: it has not been through that. */
  state: 'new' | 'stable';
  /** The task that made it. */
  task_id: string;
  /** Milliseconds since 1970. */
  madeAt: number;
  /** When it became stable; null where it did not. */
  stableAt: number | null;
}

/** What a deploy starts from. */
export interface AppFact {
  now: number;
  /** As `etc/apps.yaml` declares it. */
  app: App;
  place: Place;
  freeze: NonNullable<AppsFile['freeze']>;
  /** Why the host is too short of something to deploy now; null where it is not. */
  unfit: string | null;
  /** How its service stands; null where it has none. */
  service: ServiceFact | null;
  /** What `current` leads to, as it stands in the link; null where there is none. */
  current: string | null;
  /** Those of this app and environment whose directories are there, the newest first. */
  releases: readonly Release[];
  /** The newest stable one of the same version in staging; null where there is none. */
  receipt: Release | null;
  /** Versions of these releases that are vetoed. */
  vetoed: readonly string[];
}

export const releasePath = ({ root }: Pick<Place, 'root'>, id: string): string => `${root}/releases/${id}`;
