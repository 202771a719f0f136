import type { Pattern } from './pattern.ts';
import { type Stretch, stretchesBetween } from './zone.ts';

/** Slots of one local day that are due in unbroken order of the pattern's times. */
export interface Batch {
  readonly size: number;
  /** When the slot of this index, from 0, is due: milliseconds since 1970. */
  at: (index: number) => number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** No zone has set its clocks back by more than a day, so what is older has no part in what is repeated now. */
const LOOK_BACK_MS = 2 * DAY_MS;

/** All slots with `after < due <= until`, by day; see `slotsBetween` for the rules. */
export function* batchesBetween(
  { pattern, timeZone }: { pattern: Pattern; timeZone: string },
  after: number,
  until: number,
): Generator<Batch> {
  let reached: number | undefined;
  for (const stretch of stretchesBetween(timeZone, after - LOOK_BACK_MS, until + 1)) {
    const [start, end] = [stretch.from + stretch.offsetMs, stretch.until + stretch.offsetMs];
    reached = pattern.everyInstant ? start : (reached ?? start);
    if (stretch.from > after && isLost(pattern, reached, start)) yield { size: 1, at: () => stretch.from };
    yield* batchesOfDays(pattern, Math.max(start, reached, after + 1 + stretch.offsetMs), end, stretch);
    reached = Math.max(reached, end);
  }
}

/** Whether local times of the pattern fell into a gap, and none is due at its end anyway. */
function isLost(pattern: Pattern, reached: number, start: number): boolean {
  const isDue = (from: number, until: number): boolean => !daysBetween(pattern, from, until).next().done;
  return isDue(reached, start) && !isDue(start, start + 1);
}

function* batchesOfDays(pattern: Pattern, from: number, until: number, { offsetMs }: Stretch): Generator<Batch> {
  for (const { dayStart, first, size } of daysBetween(pattern, from, until)) {
    yield { size, at: (index) => dayStart + timeOfDay(pattern, first + index) - offsetMs };
  }
}

/** The local days from `from` until before `until` that have matches, with the rank of the first and their number. */
function* daysBetween(pattern: Pattern, from: number, until: number) {
  for (let dayStart = Math.floor(from / DAY_MS) * DAY_MS; dayStart < until; dayStart += DAY_MS) {
    const first = rank(pattern, from - dayStart);
    const size = rank(pattern, until - dayStart) - first;
    if (size > 0 && pattern.isDay(dayStart)) yield { dayStart, first, size };
  }
}

/** How many of the pattern's times of a day come before this time, in milliseconds since local midnight. */
function rank({ seconds, minutes, hours }: Pattern, time: number): number {
  if (time <= 0) return 0;
  const [hour, minute] = [Math.floor(time / HOUR_MS), Math.floor((time % HOUR_MS) / MINUTE_MS)];
  const inMinute = hours.includes(hour) && minutes.includes(minute) ? below(seconds, (time % MINUTE_MS) / 1000) : 0;
  const inHour = hours.includes(hour) ? below(minutes, minute) : 0;
  return (below(hours, hour) * minutes.length + inHour) * seconds.length + inMinute;
}

/** The inverse: the time of this rank. */
function timeOfDay({ seconds, minutes, hours }: Pattern, index: number): number {
  const second = seconds[index % seconds.length] ?? 0;
  const ofMinutes = Math.floor(index / seconds.length);
  const minute = minutes[ofMinutes % minutes.length] ?? 0;
  const hour = hours[Math.floor(ofMinutes / minutes.length)] ?? 0;
  return hour * HOUR_MS + minute * MINUTE_MS + second * 1000;
}

function below(ascending: readonly number[], bound: number): number {
  let count = 0;
  while (count < ascending.length && (ascending[count] ?? bound) < bound) count++;
  return count;
}
