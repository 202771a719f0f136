import { isUndo } from '../../contract/task.ts';
import type { Check } from '../facts.ts';
import { refused } from '../reasons.ts';

/** How far the wall clock may fall behind the latest time seen here. */
const CLOCK_TOLERANCE_MS = 120_000;

export const clockIsSane: Check = (_candidate, { ledger }, now) => {
  const behindMs = ledger.highWaterAt - now;
  if (behindMs <= CLOCK_TOLERANCE_MS) return undefined;
  return refused(
    'clock',
    `this host's clock is ${Math.round(behindMs / 1000)} s behind the latest time seen here; set it right`,
  );
};

export const inItsWindow: Check = ({ task }, _facts, now) => {
  if (task.not_before && Date.parse(task.not_before) > now) {
    return refused('too-early', `not before ${task.not_before}; delay the job until then`);
  }
  if (Date.parse(task.expires_at) > now) return undefined;
  const again = isUndo(task) ? 'ask for the undo again' : 'sign it again with a later expires_at';
  return refused('expired', `expired at ${task.expires_at}; ${again}`);
};
