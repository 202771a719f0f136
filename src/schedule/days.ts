/** The day fields of a pattern as node-cron's parser leaves them: numbers, and the words that only a month can resolve. */
export interface DayFields {
  /** 1 to 31, `L`, `LW`, `15W`, `L-3`. */
  dayOfMonth: readonly (number | string)[];
  /** 1 to 12. */
  month: readonly number[];
  /** 0 (Sunday) to 6, `5L`, `5#2`. */
  dayOfWeek: readonly (number | string)[];
}

/** Whether the day fields take a local calendar day, given as the milliseconds of its midnight as if in UTC. */
export type IsDay = (dayStart: number) => boolean;

const SATURDAY = 6;
const SUNDAY = 0;
const EVERY_DAY_OF_WEEK = 7;

/** The days that these fields take, as node-cron's own matcher takes them. */
export function dayMatcher({ dayOfMonth, month, dayOfWeek }: DayFields): IsDay {
  const anyWeekday = dayOfWeek.length === EVERY_DAY_OF_WEEK;
  return (dayStart) => {
    const date = new Date(dayStart);
    const [day, last, weekday] = [date.getUTCDate(), lastDayOf(date), date.getUTCDay()];
    return (
      month.includes(date.getUTCMonth() + 1) &&
      (anyWeekday || dayOfWeek.some((word) => isWeekday(word, weekday, day, last))) &&
      dayOfMonth.some((word) => dayOf(word, last, weekday - day) === day)
    );
  };
}

function lastDayOf(date: Date): number {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
}

/** The day of the month that a word means, beyond the month if none; day n falls on weekday n + `shift`, modulo 7. */
function dayOf(word: number | string, last: number, shift: number): number {
  if (typeof word === 'number') return word;
  const [, from, back = 0, workday] = /^(L|\d+)(?:-(\d+))?(W)?$/.exec(word) ?? [];
  const day = (from === 'L' ? last : Number(from)) - Number(back);
  return workday && day <= last ? nearestWorkday(day, last, shift) : day;
}

/** Monday to Friday of the same month: the day itself, or the nearest beside it. */
function nearestWorkday(day: number, last: number, shift: number): number {
  const weekday = (((day + shift) % 7) + 7) % 7;
  if (weekday === SATURDAY) return day === 1 ? 3 : day - 1;
  if (weekday === SUNDAY) return day === last ? day - 2 : day + 1;
  return day;
}

function isWeekday(word: number | string, weekday: number, day: number, last: number): boolean {
  if (typeof word === 'number') return word === weekday;
  const [, wanted, nth] = /^(\d)(?:L|#(\d))$/.exec(word) ?? [];
  return Number(wanted) === weekday && (nth ? Math.ceil(day / 7) === Number(nth) : day > last - 7);
}
