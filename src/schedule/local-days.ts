import type { Pattern } from './pattern.ts';

/**
 * The matching times of one local day, ascending. Local times are milliseconds, as if local time were UTC: they know no
 * zone, no gap and no repeated hour.
 */
export interface LocalDay {
  readonly size: number;
  /** The local time of this index, from 0. */
  at: (index: number) => number;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** The local days that have matches from `from` until before `until`, ascending. Takes no time for the times of a day. */
export function* localDays(pattern: Pattern, from: number, until: number): Generator<LocalDay> {
  for (let dayStart = Math.floor(from / DAY_MS) * DAY_MS; dayStart < until; dayStart += DAY_MS) {
    const first = rankOf(pattern, from - dayStart);
    const size = rankOf(pattern, until - dayStart) - first;
    if (size > 0 && pattern.isDay(dayStart)) {
      yield { size, at: (index) => dayStart + timeOfRank(pattern, first + index) };
    }
  }
}

/** How many of the pattern's times of a day come before this time of the day, which may lie outside it. */
function rankOf({ seconds, minutes, hours }: Pattern, time: number): number {
  if (time <= 0) return 0;
  const [hour, minute] = [Math.floor(time / HOUR_MS), Math.floor((time % HOUR_MS) / MINUTE_MS)];
  const inHour = hours.includes(hour) ? below(minutes, minute) : 0;
  const isMinute = hours.includes(hour) && minutes.includes(minute);
  const inMinute = isMinute ? below(seconds, (time % MINUTE_MS) / SECOND_MS) : 0;
  return (below(hours, hour) * minutes.length + inHour) * seconds.length + inMinute;
}

/** The inverse: the time of the day before which so many of the pattern's times come. */
function timeOfRank({ seconds, minutes, hours }: Pattern, rank: number): number {
  const ofMinutes = Math.floor(rank / seconds.length);
  const hour = hours[Math.floor(ofMinutes / minutes.length)] ?? 0;
  const minute = minutes[ofMinutes % minutes.length] ?? 0;
  const second = seconds[rank % seconds.length] ?? 0;
  return hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS;
}

function below(ascending: readonly number[], bound: number): number {
  const index = ascending.findIndex((value) => value >= bound);
  return index < 0 ? ascending.length : index;
}
