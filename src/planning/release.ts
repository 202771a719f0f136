import type { AppEnvironment } from './app.ts';
import type { Place } from './place.ts';

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

/** What a tree is made of; nothing else is. */
export type TreeSource =
  | { type: 'git'; remote: string; commit: string }
  | { type: 'archive' | 'directory'; folder: string; sha256: string }
  /** A sealed release of another environment. */
  | { type: 'release'; path: string };

/** The id in `current`, if it leads to a release as a deploy has it. */
export const currentId = ({ current }: { current: string | null }): string | null =>
  /^releases\/([^/]+)$/.exec(current ?? '')?.[1] ?? null;

export const releasePath = ({ root }: Pick<Place, 'root'>, id: string): string => `${root}/releases/${id}`;
