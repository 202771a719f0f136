import { describe, expect, it } from 'vitest';
import { isTimeZone, localTime, stretchesBetween } from '../../src/schedule/zone.ts';

const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(text);

/** The changes of a zone's offset, as written by people. */
function changes(timeZone: string, from: string, until: string): string[] {
  const stretches = [...stretchesBetween(timeZone, at(from), at(until))];
  return stretches.flatMap(({ from: start, offsetMs }, index) => {
    const before = stretches[index - 1];
    if (!before || before.offsetMs === offsetMs) return [];
    return [`${new Date(start).toISOString()} ${before.offsetMs / HOUR} -> ${offsetMs / HOUR}`];
  });
}

describe('the changes of a zone', () => {
  it.each([
    [
      'Europe/Berlin',
      '2026-11-23Z',
      '2027-11-23Z',
      ['2027-03-28T01:00:00.000Z 1 -> 2', '2027-10-31T01:00:00.000Z 2 -> 1'],
    ],
    [
      'America/New_York',
      '2027-01-01Z',
      '2028-01-01Z',
      ['2027-03-14T07:00:00.000Z -5 -> -4', '2027-11-07T06:00:00.000Z -4 -> -5'],
    ],
    [
      'Australia/Lord_Howe',
      '2027-01-01Z',
      '2028-01-01Z',
      ['2027-04-03T15:00:00.000Z 11 -> 10.5', '2027-10-02T15:30:00.000Z 10.5 -> 11'],
    ],
    [
      'Europe/Dublin',
      '2026-10-01Z',
      '2027-04-01Z',
      ['2026-10-25T01:00:00.000Z 1 -> 0', '2027-03-28T01:00:00.000Z 0 -> 1'],
    ],
    ['Pacific/Apia', '2011-12-01Z', '2012-01-31Z', ['2011-12-30T10:00:00.000Z -10 -> 14']],
    ['America/Caracas', '2016-01-01Z', '2017-01-01Z', ['2016-05-01T07:00:00.000Z -4.5 -> -4']],
    ['Asia/Kolkata', '2026-01-01Z', '2030-01-01Z', []],
    ['UTC', '2026-01-01Z', '2030-01-01Z', []],
  ])('%s, %s to %s', (timeZone, from, until, expected) => {
    expect(changes(timeZone, from, until)).toEqual(expected);
  });
});

describe('the stretches', () => {
  it('cover what is asked for without gaps, and nothing else', () => {
    const [from, until] = [at('2026-12-31T23:59:59.999Z'), at('2028-07-01T00:00:00.001Z')];
    const stretches = [...stretchesBetween('Europe/Berlin', from, until)];
    expect([stretches[0]?.from, stretches.at(-1)?.until]).toEqual([from, until]);
    expect(stretches.slice(1).map((stretch) => stretch.from)).toEqual(
      stretches.slice(0, -1).map((stretch) => stretch.until),
    );
    expect(stretches.every((stretch) => stretch.from < stretch.until)).toBe(true);
  });

  it('of nothing are none', () => {
    expect([...stretchesBetween('Europe/Berlin', at('2027-01-01Z'), at('2027-01-01Z'))]).toEqual([]);
    expect([...stretchesBetween('Europe/Berlin', at('2027-06-01Z'), at('2027-01-01Z'))]).toEqual([]);
  });

  it('are refused for what is no zone', () => {
    expect(() => [...stretchesBetween('Europe/Atlantis', 0, 1)]).toThrow(RangeError);
  });
});

describe('a time zone', () => {
  it.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'Asia/Kolkata'])('is %s', (text) => {
    expect(isTimeZone(text)).toBe(true);
  });

  it.each(['', '+01:00', '-0500', 'Europe/Atlantis', 'Europe/Berlin ', 'local', '../Berlin', 'GMT+1'])(
    'is not %j',
    (text) => {
      expect(isTimeZone(text)).toBe(false);
    },
  );
});

describe('the wall clock of a zone', () => {
  it.each([
    ['Europe/Berlin', '2027-03-28T00:59:59Z', '2027-03-28 01:59:59 +01:00'],
    ['Europe/Berlin', '2027-03-28T01:00:00Z', '2027-03-28 03:00:00 +02:00'],
    ['America/New_York', '2026-11-23T03:30:00Z', '2026-11-22 22:30:00 -05:00'],
    ['Asia/Kathmandu', '2026-12-31T23:00:00Z', '2027-01-01 04:45:00 +05:45'],
    ['UTC', '2026-11-23T09:00:00Z', '2026-11-23 09:00:00 +00:00'],
  ])('in %s at %s is %s', (zone, moment, expected) => {
    expect(localTime(zone, at(moment))).toBe(expected);
  });
});
