import type { AppEnvironment } from '../planning/app.ts';
import type { Release } from '../planning/release.ts';

interface ReleasePlace {
  app: string;
  environment: AppEnvironment;
  id: string;
}

/** The releases that stand or stood here, in the ledger. Writes belong in a transaction of it. */
export interface ReleaseLedger {
  releaseAt(place: ReleasePlace): Release | undefined;
  /** Of an app in an environment, or all; the newest first. */
  releases(app?: string, environment?: AppEnvironment): Release[];
  putRelease(release: Release): void;
  removeRelease(place: ReleasePlace): void;
}
