/** Where a daemon may die, in the order of a task's life. */
export type Point =
  | 'fetched'
  | 'parsed'
  | 'verified'
  | 'admitted'
  /** Written; hardly on the disk. */
  | 'claimed'
  /** The claim is on the disk. */
  | 'facts-read'
  | 'planned'
  /** The intent is on the disk, the effect is to come. */
  | 'intended'
  /** The effect is there, its result is not yet written. */
  | 'done'
  | 'undo-intended'
  | 'undone'
  | 'concluded'
  | 'published'
  | 'marked'
  | 'acknowledged'
  /** Beside the line. */
  | 'held'
  | 'refused'
  | 'reconciled';

/** Told of each point that a task comes to. Nobody listens but the tests that make the daemon die there. */
export type Failpoint = (point: Point) => void;

export const passBy: Failpoint = () => undefined;

/** How a test makes a daemon die. */
export interface Faults {
  reached: Failpoint;
  /** The program of a runner that dies, too. */
  runnerEntry?: string;
}

export const NO_FAULTS: Faults = { reached: passBy };
