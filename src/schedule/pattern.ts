import { hash } from 'node:crypto';
import { validateDetailed } from 'node-cron';
import { dayMatcher, type IsDay } from './days.ts';

/** When a schedule is due, in the local time of its zone: the pattern of its definition, read once. */
export interface Pattern {
  /** As written, with single spaces. */
  readonly text: string;
  /** What node-cron reads: `text` with each `H` replaced by its number. */
  readonly expression: string;
  /** Ascending, each at least one. */
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly isDay: IsDay;
  /** The hour field is `*` or has a step: due at each real instant that matches, also in both passes of a repeated hour. */
  readonly everyInstant: boolean;
}

const LONGEST = 120;
const DAY_MS = 86_400_000;
/** Second, minute, hour, day of month, month, day of week: how many values each has. */
const SIZES = [60, 60, 24, 31, 12, 7];
/** `H` stands in the first three only. */
const SPREAD_FIELDS = ['second', 'minute', 'hour'];
const NAMES = [
  ...'january february march april may june july august september october november december'.split(' '),
  ...'sunday monday tuesday wednesday thursday friday saturday'.split(' '),
].flatMap((name) => [name, name.slice(0, 3)]);
/** One number, name, or word of a day field; node-cron would read `JANFEB` as month 12. */
const WORD = new RegExp(`^(?:\\d*|${NAMES.join('|')}|(?:\\d+|l)w|(?:\\d|${NAMES.join('|')})?l)$`, 'i');
const FORM =
  'write [second] minute hour day-of-month month day-of-week, e.g. "30 2 * * *"; H may stand in the first three';

/**
 * Reads a cron pattern of 5 or 6 fields (seconds first) or a nickname such as `@daily`, in the syntax of node-cron 4.6.
 * `H` and `H/15` in the second, minute and hour become numbers that depend on the schedule's name and the field alone.
 * Returns the problem, in words that say what to do, where the pattern cannot be read or would mean two things.
 */
export function parsePattern(text: unknown, name: string): Pattern | string {
  if (typeof text !== 'string') return `the pattern must be a text: ${FORM}`;
  const written = text.trim().replaceAll(/\s+/g, ' ');
  if (written.length > LONGEST) return `the pattern has ${written.length} characters; write at most ${LONGEST}`;
  if (/^@reboot$/i.test(written)) return `@reboot is not a time: ${FORM}`;
  const expression = spread(written, name);
  const { fields, errors } = validateDetailed(expression);
  if (!fields) return `${errors.map(({ message }) => message).join(', ')}: ${FORM}`;
  const isDay = dayMatcher(fields);
  const problem = isNickname(written) ? null : ambiguity(fieldsOf(expression));
  if (problem) return problem;
  if (!existsEver(isDay)) return `no year has the day of "${written}": change its day or month`;
  return { text: written, expression, ...timesOf(fields), isDay, everyInstant: isEveryInstant(written) };
}

const isNickname = (text: string): boolean => text.startsWith('@');

const ascending = (values: number[]): number[] => [...new Set(values)].toSorted((a, b) => a - b);

function timesOf({ second, minute, hour }: Record<'second' | 'minute' | 'hour', number[]>) {
  return { seconds: ascending(second), minutes: ascending(minute), hours: ascending(hour) };
}

function isEveryInstant(text: string): boolean {
  const [, , hour = ''] = fieldsOf(text);
  return isNickname(text) ? /^@hourly$/i.test(text) : /[*/]/.test(hour);
}

/** All six: a pattern of five is due at second 0. */
function fieldsOf(text: string): string[] {
  const fields = text.split(' ');
  return fields.length === 5 ? ['0', ...fields] : fields;
}

function spread(text: string, name: string): string {
  if (!text.includes('H')) return text;
  const tokens = fieldsOf(text).map((field) => field.split(','));
  return tokens.map((field, index) => field.map((token) => spreadToken(token, index, name)).join()).join(' ');
}

function spreadToken(token: string, index: number, name: string): string {
  const [isSpread, step] = /^H(?:\/([1-9]\d?))?$/.exec(token) ?? [];
  const [field, size] = [SPREAD_FIELDS[index], SIZES[index] ?? 0];
  if (!isSpread || !field) return token;
  const at = Number.parseInt(hash('sha256', `${name} ${field}`).slice(0, 8), 16) % Number(step ?? size);
  return step ? `${at}-${size - 1}/${step}` : `${at}`;
}

/** What node-cron accepts, and people or other libraries read in another way. */
function ambiguity(fields: readonly string[]): string | null {
  const wide = fields.find((field, index) => stepsOf(field).some((step) => step >= (SIZES[index] ?? 0)));
  if (wide) return `no step of "${wide}" fits into its field: write a shorter one, or the times themselves`;
  const word = fields.flatMap((field) => field.split(/[,/#*?-]/)).find((each) => !WORD.test(each));
  if (word) return `"${word}" is neither a number nor a day or month: put commas between names`;
  const [, , , dayOfMonth = '', , dayOfWeek = ''] = fields;
  if ([dayOfMonth, dayOfWeek].some((field) => /^[*?]$/.test(field))) return null;
  return 'libraries disagree whether both day of month and day of week or either must match: make two schedules';
}

function stepsOf(field: string): number[] {
  return [...field.matchAll(/\/(\d+)/g)].map(([, step]) => Number(step));
}

/** Within 28 years, after which leap years and weekdays repeat (until 2099). */
function existsEver(isDay: IsDay): boolean {
  const start = Date.UTC(2001, 0, 1);
  for (let day = 0; day < 28 * 366; day++) if (isDay(start + day * DAY_MS)) return true;
  return false;
}
