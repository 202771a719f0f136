import { type LocalDay, localDays } from './local-days.ts';
import type { Pattern } from './pattern.ts';
import { stretchesBetween } from './zone.ts';

/** What decides which slots a schedule has. */
export interface Timetable {
  readonly pattern: Pattern;
  /** An IANA name, see `isTimeZone`. */
  readonly timeZone: string;
}

/** Slots that follow one another: those of a local day, or the one after a gap. Their times are instants. */
type Batch = LocalDay;

const DAY_MS = 86_400_000;
/** A definition stands for 400 days at most: what is due after five years is as good as never. */
const HORIZON_MS = 5 * 366 * DAY_MS;
/** No zone sets its clocks back by more than a day: local times passed earlier do not come again. */
const LOOK_BACK_MS = 2 * DAY_MS;

/**
 * The slots with `after < due <= until`, ascending, in milliseconds since 1970. Those of the parts of a range are those
 * of the whole, wherever it is cut. A fixed local time that does not exist is due at the first instant after the gap,
 * one slot for all that fell into it; in a repeated hour it is due in the first pass only. A pattern of every instant is
 * due whenever local time matches. Throws a RangeError if there is no such time zone.
 */
export function* slotsBetween(timetable: Timetable, after: number, until: number): Generator<number> {
  for (const { size, at } of batchesBetween(timetable, after, until)) {
    for (let index = 0; index < size; index++) yield at(index);
  }
}

/** The first slot after this moment, or null if there is none within five years. */
export function nextSlot(timetable: Timetable, after: number): number | null {
  const { value } = slotsBetween(timetable, after, after + HORIZON_MS).next();
  return value ?? null;
}

/** The newest `max` of `slotsBetween`, ascending. Takes time for the days between, and for these slots only. */
export function latestSlots(timetable: Timetable, after: number, until: number, max: number): number[] {
  const newest: number[] = [];
  for (const { size, at } of [...batchesBetween(timetable, after, until)].toReversed()) {
    for (let index = size - 1; index >= 0 && newest.length < max; index--) newest.push(at(index));
  }
  return newest.toReversed();
}

/** How many `slotsBetween` has. Takes time for the days between, not for the slots. */
export function countSlots(timetable: Timetable, after: number, until: number): number {
  return batchesBetween(timetable, after, until).reduce((count: number, { size }: Batch) => count + size, 0);
}

function* batchesBetween({ pattern, timeZone }: Timetable, after: number, until: number): Generator<Batch> {
  if (after >= until) return;
  let reached = Number.NEGATIVE_INFINITY;
  for (const { from, until: end, offsetMs } of stretchesBetween(timeZone, after - LOOK_BACK_MS, until + 1)) {
    const [localFrom, localEnd] = [from + offsetMs, end + offsetMs];
    if (from > after && isAfterLost(pattern, reached, localFrom)) yield { size: 1, at: () => from };
    const begin = pattern.everyInstant ? localFrom : Math.max(localFrom, reached);
    for (const { size, at } of localDays(pattern, Math.max(begin, after + 1 + offsetMs), localEnd)) {
      yield { size, at: (index) => at(index) - offsetMs };
    }
    reached = Math.max(reached, localEnd);
  }
}

/** Whether fixed times fell into the gap between these local times, and none is due at its end anyway. */
function isAfterLost(pattern: Pattern, reached: number, localFrom: number): boolean {
  const isDue = (from: number, until: number): boolean => !localDays(pattern, from, until).next().done;
  return !pattern.everyInstant && isDue(reached, localFrom) && !isDue(localFrom, localFrom + 1);
}
