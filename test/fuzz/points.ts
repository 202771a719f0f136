import type { RunPoint } from '../../src/runner/run.ts';
import type { Point } from '../../src/services/failpoint.ts';

/** Every point of a task's life, and of a command's. */
const POINTS: Record<Point | RunPoint, true> = {
  fetched: true,
  parsed: true,
  verified: true,
  admitted: true,
  claimed: true,
  'facts-read': true,
  planned: true,
  intended: true,
  spawned: true,
  recorded: true,
  printed: true,
  exited: true,
  done: true,
  'undo-intended': true,
  undone: true,
  concluded: true,
  published: true,
  marked: true,
  acknowledged: true,
  held: true,
  refused: true,
  reconciled: true,
};

export const ALL_POINTS = Object.keys(POINTS) as (Point | RunPoint)[];
