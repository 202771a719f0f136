/** What an action asks the host before planning; read-only, with fixed programs. */
export type FactQuery =
  | { ask: 'file'; path: string }
  | { ask: 'owner'; owner: string | null }
  | { ask: 'schedule'; name: string }
  | { ask: 'schedules' };

/** A regular file as it is, or that there is none. `mode` is four octal digits. */
export type FileFact = { exists: false } | { exists: true; sha256: string; mode: string; uid: number; gid: number };

export interface OwnerFact {
  uid: number;
  gid: number;
}

/** What the ledger says of a schedule: its definition's digest, the task that defined it, and why it is paused ('' where it is not). */
export type ScheduleFact = { exists: false } | { exists: true; definition: string; task_id: string; paused: string };

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

export interface FactOf {
  schedule: ScheduleFact;
  schedules: SchedulesFact;
  file: FileFact;
  /** Null where none was asked for. */
  owner: OwnerFact | null;
}

export type FactQueries = Readonly<Record<string, FactQuery>>;

/** Of an action that needs to know nothing. */
export type NoFacts = Readonly<Record<string, never>>;

/** The answers, under the names of their queries. */
export type Facts<Q extends FactQueries> = { readonly [K in keyof Q]: FactOf[Q[K]['ask']] };

export function sameFile(a: FileFact, b: FileFact): boolean {
  if (!a.exists || !b.exists) return a.exists === b.exists;
  return a.sha256 === b.sha256 && a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}
