import type { Definition } from './definition.ts';
import { countSlots, latestSlots, nextSlot, slotsBetween, type Timetable } from './slots.ts';

/** A slot that begins later than this is late. */
const ON_TIME_MS = 60_000;
/** Of more late slots than these the older ones are missed, whatever the policy. */
const MOST_CAUGHT_UP = 1_000;

/** Slots in a row, in milliseconds since 1970; `count` is at least 1. */
export interface SlotRange {
  from: number;
  until: number;
  count: number;
}

/** What becomes of the slots of a schedule that have fallen due. */
export interface Account {
  /** To be run, the oldest first. `late`: it is caught up. */
  run: { dueAt: number; late: boolean }[];
  /** Not to be run: they were due while this host could not run them. All before those that are run. */
  missed: SlotRange | null;
}

/** Which of the slots due after `after`, up to `until`, are run as of `now`, and how many were missed. */
export function account(
  timetable: Timetable,
  catchUp: Definition['catch_up'],
  after: number,
  until: number,
  now: number,
): Account {
  const lateUntil = Math.min(until, Math.max(after, now - ON_TIME_MS - 1));
  const onTime = [...slotsBetween(timetable, lateUntil, until)];
  const late = latestSlots(timetable, after, lateUntil, caughtUp(catchUp, onTime.length > 0));
  const missedUntil = late[0] === undefined ? lateUntil : late[0] - 1;
  return {
    run: [...late.map((dueAt) => ({ dueAt, late: true })), ...onTime.map((dueAt) => ({ dueAt, late: false }))],
    missed: slotRange(timetable, after, missedUntil),
  };
}

/** The slots after `after`, until `until`, as one range; null where there are none. */
export function slotRange(timetable: Timetable, after: number, until: number): SlotRange | null {
  const count = countSlots(timetable, after, until);
  if (count === 0) return null;
  const from = nextSlot(timetable, after);
  const [last] = latestSlots(timetable, after, until, 1);
  return from === null || last === undefined ? null : { from, until: last, count };
}

/** Where one is on time, that is the latest. */
function caughtUp(catchUp: Definition['catch_up'], oneIsOnTime: boolean): number {
  if (catchUp === 'all') return MOST_CAUGHT_UP;
  return catchUp === 'latest' && !oneIsOnTime ? 1 : 0;
}
