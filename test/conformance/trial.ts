import type { ActionRequest } from '../../src/contract/task.ts';
import type { Home } from '../../src/home.ts';
import type { Ledger } from '../../src/services/ledger.ts';

/** Where a trial runs. */
export interface Place {
  /** What `/srv/example` of the example task is here; empty at first. */
  folder: string;
  /** The daemon's, outside of the folder. */
  home: Home;
  ledger: Ledger;
  /** Runs these actions to their end, as a task of its own: the n-th is `arranged-<n>`. */
  perform(...actions: ActionRequest[]): Promise<void>;
}

/** One state of a host, before the example task of an action runs there. */
export interface Trial {
  /** Programs without which it is left out. */
  needs?: readonly string[];
  /** Makes the state before. What it makes outside of the folder it has taken away by `onTestFinished`. */
  arrange(place: Place): Promise<void>;
  /** What to write into the example in place of what stands there; the folder is written by itself. */
  adapt?(place: Place): readonly (readonly [from: string, to: string])[];
  /** State beyond the folder: processes, containers, packages, rows of the ledger; undo must bring it back. */
  observe?(place: Place): Promise<unknown>;
  /** Compares the preview with what was done, where its steps write no files. Expects. */
  shows?(preview: string, before: unknown, after: unknown): void;
}

/** What a file of `trials` exports as `trials`, by the state before in a few words. */
export type Trials = Readonly<Record<string, Trial>>;
