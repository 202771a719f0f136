import { type Definition, startWithinMs } from './definition.ts';

/** How many slots of one schedule may wait for each other. */
const LONGEST_QUEUE = 100;
/** How many slots are caught up at a time, over all schedules: what was due in days must not all begin at once. */
const CAUGHT_UP_AT_ONCE = 4;

/** A slot that was claimed and is not yet on the queue. Times are milliseconds since 1970. */
export interface WaitingSlot {
  dueAt: number;
  /** It is caught up. */
  late: boolean;
  claimedAt: number;
  /** Not before: a pause before the next try. */
  startAt: number;
}

export interface Surroundings {
  /** The open slots of its schedule that were due before it. */
  earlier: readonly { late: boolean }[];
  /** What it waits for, of the schedules it depends on; null where all of them are well. */
  unmet: Unmet | null;
  /** Slots that are being caught up now, over all schedules. */
  catchingUp: number;
}

export type Readiness =
  | { kind: 'go' }
  | { kind: 'wait'; why: string; unmet?: Unmet }
  | { kind: 'skip'; why: string }
  /** The slots before it must give way first. */
  | { kind: 'replace' };

/** Whether a slot may go on the queue now. */
export function readiness(slot: WaitingSlot, definition: Definition, around: Surroundings, now: number): Readiness {
  if (now < slot.startAt) return { kind: 'wait', why: 'the next try is still to come' };
  if (around.earlier.length > 0) return overlapping(slot, definition, around.earlier);
  if (around.unmet !== null) {
    if (now < Math.max(slot.claimedAt, slot.startAt) + startWithinMs(definition))
      return { kind: 'wait', why: around.unmet.why, unmet: around.unmet };
    return { kind: 'skip', why: `it waited too long: ${around.unmet.why}` };
  }
  if (slot.late && around.catchingUp >= CAUGHT_UP_AT_ONCE)
    return { kind: 'wait', why: 'other slots are caught up first' };
  return { kind: 'go' };
}

/** What is caught up goes in its order, and what is due meanwhile after it. */
function overlapping({ late }: WaitingSlot, { overlap }: Definition, earlier: Surroundings['earlier']): Readiness {
  const behindLate = late || earlier.some((slot) => slot.late);
  if (!behindLate && overlap === 'replace') return { kind: 'replace' };
  if (!behindLate && overlap === 'skip') return { kind: 'skip', why: 'the slot before it has not ended' };
  if (earlier.length >= LONGEST_QUEUE && !late) return { kind: 'skip', why: `${LONGEST_QUEUE} slots wait before it` };
  return { kind: 'wait', why: 'the slot before it has not ended' };
}

/** What is known of a schedule that another one depends on. */
export interface Prerequisite {
  name: string;
  /** Null where it is not defined here. */
  paused: string | null;
  /** One of its slots has not ended. */
  open: boolean;
  /** Its newest run: when it was due or ended, whichever is later. */
  newest: { at: number; well: boolean } | null;
  /** When it was due last, as of the slot that asks; null where never. */
  dueAt: number | null;
}

/** Why a slot must wait for another schedule. `pending`: that one is under way, and nothing is wrong. */
export interface Unmet {
  name: string;
  why: string;
  pending: boolean;
}

/** Null where it ran well in its own latest period. */
export function unmetBy({ name, paused, open, newest, dueAt }: Prerequisite): Unmet | null {
  const unmet = (why: string, pending = false): Unmet => ({ name, why: `${name} ${why}`, pending });
  if (paused === null) return unmet('is not defined on this host');
  if (open) return unmet('has not ended', true);
  const isCurrent = newest !== null && (dueAt === null || newest.at >= dueAt);
  if (isCurrent) return newest.well ? null : unmet('did not end well');
  return unmet(paused === '' ? 'has not run in this period' : `is paused: ${paused}`);
}
