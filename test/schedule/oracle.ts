/**
 * The slots of a pattern by brute force, knowing nothing of src/schedule: what the clock on the wall says is asked of
 * Intl for the whole range, and each moment that a pattern names on it gets the instants at which the clock shows it.
 */
const MINUTE = 60_000;
const QUARTER = 15;
/** Beside the range, so that what is repeated or skipped at its ends is seen whole. */
const PADDING_MINUTES = 2 * 24 * 60;

/** What the clock on a wall shows, minute by minute. Minutes count from 1970, those of the wall as if it were in UTC. */
export interface Wall {
  after: number;
  until: number;
  /** The wall's minute at each minute from `firstMinute` on. */
  shown: Int32Array;
  firstMinute: number;
  /** For each minute of the wall from `lowest` on, the first minute at which it, or else a later one, is shown. */
  firstShown: Int32Array;
  skipped: Uint8Array;
  lowest: number;
}

/** The wall of a zone; no change of any zone since 2000 is off the quarter of an hour. */
export function wallOf(timeZone: string, after: number, until: number): Wall {
  const firstMinute = Math.floor(after / MINUTE / QUARTER) * QUARTER - PADDING_MINUTES;
  const shown = new Int32Array(Math.ceil((until / MINUTE + PADDING_MINUTES - firstMinute) / QUARTER) * QUARTER);
  const read = wallReader(timeZone);
  for (let at = 0; at < shown.length; at += QUARTER) {
    const minute = read((firstMinute + at) * MINUTE);
    for (let more = 0; more < QUARTER; more++) shown[at + more] = minute + more;
  }
  const [lowest, highest] = [shown.reduce((a, b) => Math.min(a, b)), shown.reduce((a, b) => Math.max(a, b))];
  const firstShown = new Int32Array(highest - lowest + 1).fill(-1);
  for (let at = shown.length - 1; at >= 0; at--) firstShown[(shown[at] ?? 0) - lowest] = firstMinute + at;
  const skipped = Uint8Array.from(firstShown, (at) => (at < 0 ? 1 : 0));
  for (let at = firstShown.length - 2; at >= 0; at--) {
    if (skipped[at]) firstShown[at] = firstShown[at + 1] ?? 0;
  }
  return { after, until, shown, firstMinute, firstShown, skipped, lowest };
}

function wallReader(timeZone: string): (at: number) => number {
  const digits = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, hourCycle: 'h23', ...digits });
  return (at) => Date.parse(`${format.format(at).replace(' ', 'T')}Z`) / MINUTE;
}

/** The slots with `after < due <= until` of this wall, ascending. */
export function expectedSlots(plain: string, wall: Wall): number[] {
  const fields = plain.split(' ');
  const [second = '', minute = '', hour = '', ...days] = fields.length === 5 ? ['0', ...fields] : fields;
  const seconds = numbers(60).filter((value) => matches(second, value, 60));
  const isDue = minuteMatcher(minute, hour, days);
  const slots = /[*/]/.test(hour) ? eachShowing(wall, isDue, seconds) : firstShowings(wall, isDue, seconds);
  return slots.filter((at) => at > wall.after && at <= wall.until);
}

type IsDue = (wallMinute: number) => boolean;

function eachShowing({ shown, firstMinute }: Wall, isDue: IsDue, seconds: number[]): number[] {
  const slots: number[] = [];
  for (let at = 0; at < shown.length; at++) {
    if (isDue(shown[at] ?? 0)) for (const second of seconds) slots.push((firstMinute + at) * MINUTE + second * 1000);
  }
  return slots;
}

function firstShowings({ firstShown, skipped, lowest }: Wall, isDue: IsDue, seconds: number[]): number[] {
  const slots = new Set<number>();
  for (let at = 0; at < firstShown.length; at++) {
    if (!isDue(lowest + at)) continue;
    for (const second of skipped[at] ? [0] : seconds) slots.add((firstShown[at] ?? 0) * MINUTE + second * 1000);
  }
  return [...slots].toSorted((a, b) => a - b);
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

function minuteMatcher(minute: string, hour: string, days: string[]): IsDue {
  const isMinute = numbers(60).map((value) => matches(minute, value, 60));
  const isHour = numbers(24).map((value) => matches(hour, value, 24));
  const known = new Map<number, boolean>();
  const isDay = (day: number): boolean => {
    const matched = known.get(day) ?? matchesDay(days, new Date(day * 86_400_000));
    known.set(day, matched);
    return matched;
  };
  return (at) => (isMinute[at % 60] && isHour[Math.floor(at / 60) % 24] && isDay(Math.floor(at / 1440))) === true;
}

/** One field of times, or of months counted from 0: lists, ranges (also over the end), steps. */
function matches(field: string, value: number, size: number): boolean {
  return field.split(',').some((token) => {
    const [range = '', step = '1'] = token.split('/');
    if (range === '*') return value % Number(step) === 0;
    const [from = 0, to = from] = range.split('-').map(Number);
    const [behind, width] = [(value - from + size) % size, (to - from + size) % size];
    return behind <= width && behind % Number(step) === 0;
  });
}

const NAMES: Record<string, number> = { JAN: 1, JUN: 6, SUN: 0, MON: 1, FRI: 5 };
const named = (field: string): string => field.replaceAll(/[A-Z]{3}/g, (name) => String(NAMES[name]));

/** Months and days of months counted from 0, as `matches` wants it. */
const shifted = (field: string): string => field.replaceAll(/(?<![/\d])\d+/g, (value) => String(Number(value) - 1));

function matchesDay([dayOfMonth = '', month = '', dayOfWeek = '']: string[], date: Date): boolean {
  return (
    matches(shifted(named(month)), date.getUTCMonth(), 12) &&
    (/[LW]/.test(dayOfMonth)
      ? monthsDay(dayOfMonth, date)
      : matches(shifted(dayOfMonth.replace('?', '*')), date.getUTCDate() - 1, 31)) &&
    (/[L#]/.test(dayOfWeek)
      ? monthsWeekday(named(dayOfWeek), date)
      : matches(named(dayOfWeek).replace('7', '0'), date.getUTCDay(), 7))
  );
}

/** The days of the date's month. */
function monthOf(date: Date): Date[] {
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return numbers(31)
    .map((day) => new Date(Date.UTC(year, month, day + 1)))
    .filter((day) => day.getUTCMonth() === month);
}

/** `L`, `LW` and `15W`: the last day, the last workday, the workday that is nearest. */
function monthsDay(word: string, date: Date): boolean {
  const days = monthOf(date);
  const workdays = days.filter((day) => day.getUTCDay() % 6 !== 0);
  if (word === 'L') return days.at(-1)?.getTime() === date.getTime();
  if (word === 'LW') return workdays.at(-1)?.getTime() === date.getTime();
  const far = (day: Date): number => Math.abs(day.getUTCDate() - Number.parseInt(word, 10));
  return workdays.toSorted((a, b) => far(a) - far(b))[0]?.getTime() === date.getTime();
}

/** `0L` and `1#1`: the last Sunday, the first Monday. */
function monthsWeekday(word: string, date: Date): boolean {
  const [weekday, nth] = word.split(/[L#]/).map(Number);
  const same = monthOf(date).filter((day) => day.getUTCDay() === weekday);
  return same.at(nth ? nth - 1 : -1)?.getTime() === date.getTime();
}
