import { type Batch, batchesBetween } from './batches.ts';
import type { Pattern } from './pattern.ts';

/** What decides which slots a schedule has. */
export interface Timetable {
  readonly pattern: Pattern;
  /** IANA name, see `isTimeZone`. */
  readonly timeZone: string;
}

/** A definition stands for 400 days at most; no slot within this long is none. */
const HORIZON_MS = 5 * 366 * 86_400_000;

/**
 * The slots with `after < due <= until`, ascending, in milliseconds since 1970. Taken over any partition of a range they
 * are those of the whole: a slot does not depend on when one looks. A fixed local time that does not exist is due at the
 * first instant after the gap, where all that fell into the gap are one slot; in a repeated hour it is due in the first
 * pass only. A pattern of each instant is due whenever local time matches, however often a local time comes.
 */
export function* slotsBetween(timetable: Timetable, after: number, until: number): Generator<number> {
  for (const batch of batchesBetween(timetable, after, until)) {
    for (let index = 0; index < batch.size; index++) yield batch.at(index);
  }
}

/** The first slot after this moment, or null if there is none within five years. */
export function nextSlot(timetable: Timetable, after: number): number | null {
  const { value } = slotsBetween(timetable, after, after + HORIZON_MS).next();
  return value ?? null;
}

/** The newest `max` of the slots between, ascending. Takes time by the days between, not by the slots. */
export function latestSlots(timetable: Timetable, after: number, until: number, max: number): number[] {
  const newest: number[] = [];
  for (const batch of [...batchesBetween(timetable, after, until)].toReversed()) {
    for (let index = batch.size - 1; index >= 0 && newest.length < max; index--) newest.push(batch.at(index));
  }
  return newest.toReversed();
}

/** How many slots there are between. Takes time by the days between, not by the slots. */
export function countSlots(timetable: Timetable, after: number, until: number): number {
  return batchesBetween(timetable, after, until).reduce((count: number, { size }: Batch) => count + size, 0);
}
