import { isSlot, isUndo, type Task } from '../../contract/task.ts';
import type { Check } from '../facts.ts';
import { refused } from '../reasons.ts';

/** How far the wall clock may fall behind the latest time seen here. */
const CLOCK_TOLERANCE_MS = 120_000;

/**
 * The time that admission goes by: never behind the latest one seen, or what has expired would be valid again. Of a clock
 * that is further behind than the tolerance it is the clock's: then `clock` is the reason, and not what follows from it.
 */
export function admissionTime(clockAt: number, latestAt: number): number {
  return secondsBehind(clockAt, latestAt) === null ? Math.max(clockAt, latestAt) : clockAt;
}

/** How far a clock is behind the latest time seen, or null where that is tolerated. */
export function secondsBehind(clockAt: number, latestAt: number): number | null {
  const behindMs = latestAt - clockAt;
  return behindMs <= CLOCK_TOLERANCE_MS ? null : Math.round(behindMs / 1000);
}

export const clockIsSane: Check = (_candidate, { ledger }, now) => {
  const behind = secondsBehind(now, ledger.highWaterAt);
  if (behind === null) return undefined;
  return refused(
    'clock',
    `this host's clock is ${behind} s behind the latest time seen here; set it right, or type "ops clock accept" there`,
  );
};

function adviceOn(task: Task): string {
  if (isSlot(task)) return 'its definition says in start_within_ms how long it may wait';
  return isUndo(task) ? 'ask for the undo again' : 'sign it again with a later expires_at';
}

export const inItsWindow: Check = ({ task }, _facts, now) => {
  if (task.not_before && Date.parse(task.not_before) > now) {
    return refused('too-early', `not before ${task.not_before}; delay the job until then`);
  }
  if (Date.parse(task.expires_at) > now) return undefined;
  return refused('expired', `expired at ${task.expires_at}; ${adviceOn(task)}`);
};
