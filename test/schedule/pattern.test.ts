import * as fc from 'fast-check';
import { createTask } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { parsePattern } from '../../src/schedule/pattern.ts';
import { patternOf } from './support.ts';

const DAY = 86_400_000;

describe('a pattern', () => {
  it('of five fields is due at second 0', () => {
    expect(patternOf('30 2,14 * * *')).toMatchObject({ seconds: [0], minutes: [30], hours: [2, 14] });
  });

  it('of six fields begins with the second', () => {
    expect(patternOf('*/20 30 2 * * *')).toMatchObject({ seconds: [0, 20, 40], minutes: [30], hours: [2] });
  });

  it('has its times ascending and once, as it may be written', () => {
    expect(patternOf('40,5,5,1-5/2 22-2 * * *')).toMatchObject({ minutes: [1, 3, 5, 40], hours: [0, 1, 2, 22, 23] });
  });

  it('keeps its text, with single spaces', () => {
    expect(patternOf(' 30\t2  * *\n* ')).toMatchObject({ text: '30 2 * * *', expression: '30 2 * * *' });
  });

  it.each([
    ['@hourly', '0 * * * *'],
    ['@daily', '0 0 * * *'],
    ['@Midnight', '0 0 * * *'],
    ['@weekly', '0 0 * * SUN'],
    ['@monthly', '0 0 1 * *'],
    ['@yearly', '0 0 1 jan *'],
    ['@ANNUALLY', '0 0 1 January *'],
  ])('%s is %s', (nickname, text) => {
    const { text: a, expression: b, isDay, ...times } = patternOf(nickname);
    expect([a, b]).toEqual([nickname, nickname]);
    expect(patternOf(text)).toMatchObject(times);
    expect(daysOf(isDay)).toEqual(daysOf(patternOf(text).isDay));
  });

  it.each([
    ['* * * * *', true],
    ['0 */6 * * *', true],
    ['0 1-5/2 * * *', true],
    ['0 3,*/6 * * *', true],
    ['0 H/6 * * *', true],
    ['@hourly', true],
    ['@HOURLY', true],
    ['0 0-23 * * *', false],
    ['*/5 H * * *', false],
    ['* * 3 * * *', false],
    ['0 0 */2 * *', false],
    ['@daily', false],
  ])('%s runs at every instant: %s', (text, everyInstant) => {
    expect(patternOf(text).everyInstant).toBe(everyInstant);
  });
});

const YEARS = Array.from({ length: 5 * 366 }, (_, day) => Date.UTC(2024, 0, 1) + day * DAY);
const daysOf = (isDay: (dayStart: number) => boolean): string[] =>
  YEARS.filter(isDay).map((day) => new Date(day).toISOString().slice(0, 10));

describe('the days of a pattern', () => {
  it.each([
    '0 0 * * *',
    '0 0 ? * *',
    '0 0 29 2 *',
    '0 0 31 * *',
    '0 0 1-7,*/9 JAN,sep-nov *',
    '0 0 * * 7',
    '0 0 * * Fri-Mon',
    '0 0 * * 1,3,5',
    '0 0 * 2,10 5#5',
    '0 0 L * *',
    '0 0 1,l * ?',
    '0 0 L-3 * *',
    '0 0 L-30 * *',
    '0 0 LW * *',
    '0 0 1W * *',
    '0 0 15w,28W * *',
    '0 0 31W * *',
    '0 0 * * 5L',
    '0 0 * * sunL',
    '0 0 * * 7L,2',
    '0 0 * * MON#1',
    '0 0 * * 7#5,3#2',
  ])('%s are those of node-cron', async (text) => {
    const task = createTask(text, () => undefined, { timezone: 'UTC' });
    const days = daysOf((day) => task.match(new Date(day)));
    await task.destroy();
    expect(days.length).toBeGreaterThan(0);
    expect(daysOf(patternOf(text).isDay)).toEqual(days);
  });
});

describe('H', () => {
  it('is the same for a name at all times', () => {
    expect(patternOf('H H * * *', 'backup').expression).toBe('0 37 22 * * *');
    expect(patternOf('H H/6 * * *', 'backup')).toMatchObject({ minutes: [37], hours: [4, 10, 16, 22] });
    expect(patternOf('H * H * * MON', 'backup')).toMatchObject({ hours: [22], minutes: { length: 60 } });
  });

  it('has a step that begins anywhere', () => {
    expect(patternOf('H/20,H * * * *', 'backup')).toMatchObject({ minutes: [17, 37, 57] });
  });

  it('spreads names over the whole field, whatever the other field', () => {
    const patterns = Array.from({ length: 2000 }, (_, index) => patternOf('H H * * *', `job-${index}`));
    expect(new Set(patterns.flatMap(({ minutes }) => minutes)).size).toBe(60);
    expect(new Set(patterns.flatMap(({ hours }) => hours)).size).toBe(24);
    const times = new Set(patterns.map(({ expression }) => expression));
    expect(times.size).toBeGreaterThan(900);
  });

  it('leaves names that contain the letter', () => {
    expect(daysOf(patternOf('0 0 * MARCH *').isDay)).toEqual(daysOf(patternOf('0 0 * 3 *').isDay));
    expect(daysOf(patternOf('0 0 * * THU').isDay)).toEqual(daysOf(patternOf('0 0 * * 4').isDay));
  });
});

describe('refused, with the reason', () => {
  it.each([
    [
      '0 0 13 * 5',
      'libraries disagree whether both day of month and day of week or either must match: make two schedules',
    ],
    ['0 0 */2 * 5', expect.stringMatching('make two schedules')],
    ['0 0 1-31 * MON-FRI', expect.stringMatching('make two schedules')],
    ['0 0 L * 5L', expect.stringMatching('make two schedules')],
    ['0 0 31 2 *', expect.stringMatching('31 2 is an impossible day of month')],
    ['0 0 L-30 2 *', 'no year has the day of "0 0 L-30 2 *": change its day or month'],
    ['@reboot', expect.stringMatching('^@reboot is not a time: write ')],
    ['@fortnightly', expect.stringMatching('illegal characters.*: write ')],
    ['*/90 * * * *', 'no step of "*/90" fits into its field: write a shorter one, or the times themselves'],
    ['0 */24 * * *', expect.stringMatching('no step of "\\*/24" fits')],
    ['0 0-5/24 * * *', expect.stringMatching('no step of "0-5/24" fits')],
    ['0 0 * JANFEB *', '"JANFEB" is neither a number nor a day or month: put commas between names'],
    ['0 0 * 1JAN *', expect.stringMatching('"1JAN" is neither')],
    ['0 0 * * sunmon', expect.stringMatching('"sunmon" is neither')],
    [
      '0 0 H * *',
      expect.stringMatching('H is a invalid expression for day of month: .*H may stand in the first three'),
    ],
    ['H/0 * * * *', expect.stringMatching('H/0 is a invalid expression for minute')],
    ['H/70 * * * *', expect.stringMatching('/70')],
    ['H(0-9) * * * *', expect.stringMatching('illegal characters')],
    ['60 0 * * *', expect.stringMatching('60 is a invalid expression for minute')],
    ['0 24 1 13 *', expect.stringMatching('24 is a invalid expression for hour, 13 is a invalid expression for month')],
    ['0 0 * *', expect.stringMatching('expected 5 or 6 fields but got 4: write ')],
    ['', expect.stringMatching(': write ')],
    ['every day', expect.stringMatching(': write ')],
    ['0 0 * * * ; rm', expect.stringMatching(': write ')],
    [`0${',0'.repeat(60)} * * * *`, 'the pattern has 129 characters; write at most 120'],
    [5, expect.stringMatching('^the pattern must be a text: write ')],
    [null, expect.stringMatching('^the pattern must be a text: write ')],
    [['0 0 * * *'], expect.stringMatching('^the pattern must be a text: write ')],
  ])('%j', (text, problem) => {
    expect(parsePattern(text, 'backup')).toEqual(problem);
  });
});

const isTime = (values: readonly number[], size: number): boolean =>
  values.length > 0 && values.every((value, index) => value > (values[index - 1] ?? -1) && value < size);

describe('whatever is written', () => {
  const token = fc.constantFrom(
    '*',
    'H',
    'H/7',
    '0',
    '5',
    '31',
    '60',
    '2-4',
    '22-2',
    '*/5',
    '1-9/3',
    'L',
    'LW',
    '5L',
    '1#2',
    'FRI',
    'JAN',
    '?',
    '',
  );
  const field = fc.array(token, { minLength: 1, maxLength: 3 }).map((tokens) => tokens.join(','));
  const almost = fc.array(field, { minLength: 4, maxLength: 7 }).map((fields) => fields.join(' '));

  it('is a problem in words or a pattern with times and days', () => {
    fc.assert(
      fc.property(fc.oneof(almost, fc.string()), (text) => {
        const read = parsePattern(text, 'backup');
        const isRead = typeof read !== 'string';
        expect(
          isRead ? isTime(read.seconds, 60) && isTime(read.minutes, 60) && isTime(read.hours, 24) : read !== '',
        ).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
