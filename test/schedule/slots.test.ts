import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSlots, latestSlots, nextSlot, slotsBetween } from '../../src/schedule/slots.ts';
import { PATTERNS } from './patterns.ts';
import { timetable } from './support.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const at = (text: string): number => Date.parse(text);
const iso = (time: number | null): string | null =>
  time === null ? null : `${new Date(time).toISOString().slice(0, 16)}Z`;

const between = (text: string, timeZone: string, after: string, until: string): (string | null)[] =>
  [...slotsBetween(timetable(text, timeZone), at(after), at(until))].map(iso);

/** The local days on which clocks change in Berlin, from midnight to midnight. */
const SPRING = ['Europe/Berlin', '2027-03-27T22:59:59Z', '2027-03-28T21:59:59Z'] as const;
const AUTUMN = ['Europe/Berlin', '2027-10-30T21:59:59Z', '2027-10-31T22:59:59Z'] as const;

describe('a fixed local time', () => {
  it('that is skipped is due at the first instant after the gap', () => {
    expect(between('30 2 * * *', ...SPRING)).toEqual(['2027-03-28T01:00Z']);
  });

  it('makes one slot of all that was skipped, and of what is due then anyway', () => {
    expect(between('*/5 2 * * *', ...SPRING)).toEqual(['2027-03-28T01:00Z']);
    expect(between('15,45 2,3 * * *', ...SPRING)).toEqual([
      '2027-03-28T01:00Z',
      '2027-03-28T01:15Z',
      '2027-03-28T01:45Z',
    ]);
    expect(between('0,30 2-3 * * *', ...SPRING)).toEqual(['2027-03-28T01:00Z', '2027-03-28T01:30Z']);
  });

  it('that comes twice is due in the first pass only', () => {
    expect(between('30 2 * * *', ...AUTUMN)).toEqual(['2027-10-31T00:30Z']);
    expect(between('0,30 2,3 * * *', ...AUTUMN)).toEqual([
      '2027-10-31T00:00Z',
      '2027-10-31T00:30Z',
      '2027-10-31T02:00Z',
      '2027-10-31T02:30Z',
    ]);
  });

  it.each([
    ['in the second pass', '30 2 * * *', '2027-10-31T01:10Z'],
    ['late in the second pass', '50 2 * * *', '2027-10-31T01:40Z'],
    ['at the end of the gap, where it was due', '30 2 * * *', '2027-03-28T01:00Z'],
  ])('is not due again to one who looked %s', (_, text, after) => {
    expect(between(text, 'Europe/Berlin', after, `${after.slice(0, 10)}T12:00Z`)).toEqual([]);
  });

  it.each([
    [
      'a gap at midnight',
      '0 0 * * *',
      'America/Havana',
      '2027-03-13T12:00Z',
      '2027-03-15T12:00Z',
      ['2027-03-14T05:00Z', '2027-03-15T04:00Z'],
    ],
    ['a gap at midnight', '30 0 * * *', 'Asia/Beirut', '2026-03-28T12:00Z', '2026-03-29T12:00Z', ['2026-03-28T22:00Z']],
    [
      'a midnight that comes twice',
      '0 0 * * *',
      'America/Havana',
      '2026-10-31T12:00Z',
      '2026-11-02T12:00Z',
      ['2026-11-01T04:00Z', '2026-11-02T05:00Z'],
    ],
    [
      'half an hour that is skipped',
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2027-10-02T12:00Z',
      '2027-10-03T12:00Z',
      ['2027-10-02T15:30Z'],
    ],
    [
      'half an hour that comes twice',
      '45 1 * * *',
      'Australia/Lord_Howe',
      '2027-04-03T12:00Z',
      '2027-04-04T12:00Z',
      ['2027-04-03T14:45Z'],
    ],
    [
      'a day that is skipped',
      '0 12 * * *',
      'Pacific/Apia',
      '2011-12-29T00:00Z',
      '2011-12-31T12:00Z',
      ['2011-12-29T22:00Z', '2011-12-30T10:00Z', '2011-12-30T22:00Z'],
    ],
    [
      'a winter that is the exception',
      '30 1 * * *',
      'Europe/Dublin',
      '2026-10-24T12:00Z',
      '2026-10-26T12:00Z',
      ['2026-10-25T00:30Z', '2026-10-26T01:30Z'],
    ],
  ])('and %s: %s in %s', (_, text, timeZone, after, until, slots) => {
    expect(between(text, timeZone, after, until)).toEqual(slots);
  });
});

describe('an hour field of * or with a step', () => {
  it('is due at each real instant', () => {
    expect(between('0 * * * *', ...SPRING)).toHaveLength(23);
    expect(between('0 * * * *', ...AUTUMN)).toHaveLength(25);
    expect(between('0 0-23 * * *', ...AUTUMN)).toHaveLength(24);
  });

  it('is due in both passes, and not for what was skipped', () => {
    expect(between('30 2-3/1 * * *', ...AUTUMN)).toEqual([
      '2027-10-31T00:30Z',
      '2027-10-31T01:30Z',
      '2027-10-31T02:30Z',
    ]);
    expect(between('30 */2 * * *', ...SPRING).slice(0, 2)).toEqual(['2027-03-27T23:30Z', '2027-03-28T02:30Z']);
  });
});

const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC', 'Asia/Beirut', 'America/Havana'];
const MORE_ZONES = ['Pacific/Apia', 'Europe/Dublin', 'Africa/Casablanca', 'Antarctica/Troll', 'Asia/Kathmandu'];
/** Near changes of these zones, and some time. */
const MOMENTS = [
  '2027-03-28T01:00Z',
  '2027-10-31T01:00Z',
  '2027-03-14T06:00Z',
  '2026-11-01T05:00Z',
  '2027-04-03T15:00Z',
  '2011-12-30T10:00Z',
  '2027-01-01T00:00Z',
  '2028-02-29T00:00Z',
];

const anyTimetable = fc
  .record({
    text: fc.constantFrom(...PATTERNS.map(({ text }) => text)),
    timeZone: fc.constantFrom(...ZONES, ...MORE_ZONES),
  })
  .map(({ text, timeZone }) => ({ text, ...timetable(text, timeZone) }));
const anyMoment = fc
  .record({ near: fc.constantFrom(...MOMENTS), off: fc.integer({ min: -3 * DAY, max: 3 * DAY }) })
  .map(({ near, off }) => at(near) + off);
/** Moments on the second, the minute and the hour as well as beside them: where ranges are cut, slots are lost. */
const rounded = fc
  .tuple(anyMoment, fc.constantFrom(1, SECOND, MINUTE, HOUR / 2))
  .map(([moment, unit]) => Math.round(moment / unit) * unit);

describe('whatever the timetable', () => {
  it('the parts of a range have the slots of the whole, wherever it is cut', () => {
    const range = fc.tuple(
      rounded,
      fc.array(fc.integer({ min: 0, max: 2 * DAY }), { minLength: 1, maxLength: 8 }),
      fc.constantFrom(1, MINUTE, HOUR / 2),
    );
    fc.assert(
      fc.property(anyTimetable, range, (of, [start, steps, unit]) => {
        let last = start;
        const parts: number[] = [];
        for (const step of steps) {
          const now = last + Math.round(step / unit) * unit;
          parts.push(...slotsBetween(of, last, now));
          last = now;
        }
        expect(parts).toEqual([...slotsBetween(of, start, last)]);
      }),
      { numRuns: 500 },
    );
  });

  it('next, latest and count agree with the slots between', () => {
    const asked = fc.record({
      after: rounded,
      length: fc.integer({ min: 0, max: 4 * DAY }),
      max: fc.integer({ min: 0, max: 50 }),
    });
    fc.assert(
      fc.property(anyTimetable, asked, (of, { after, length, max }) => {
        const until = after + length;
        const slots = [...slotsBetween(of, after, until)];
        expect(slots).toEqual([...new Set(slots)].toSorted((a, b) => a - b));
        expect(slots.every((due) => after < due && due <= until && due % SECOND === 0)).toBe(true);
        expect(countSlots(of, after, until)).toBe(slots.length);
        expect(latestSlots(of, after, until, max)).toEqual(max ? slots.slice(-max) : []);
        const next = nextSlot(of, after) ?? Number.POSITIVE_INFINITY;
        expect(next <= until ? next : undefined).toBe(slots[0]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the next slot', () => {
  it('is after the moment asked about, also on a slot', () => {
    const of = timetable('0 3 * * *', 'UTC');
    expect(iso(nextSlot(of, at('2027-01-01T03:00:00Z') - 1))).toBe('2027-01-01T03:00Z');
    expect(iso(nextSlot(of, at('2027-01-01T03:00:00Z')))).toBe('2027-01-02T03:00Z');
  });

  it('may be years away, but not more than five', () => {
    const [leapDay, fifthFriday] = [timetable('0 0 29 2 *', 'UTC'), timetable('0 0 * 2 5#5', 'UTC')];
    expect(iso(nextSlot(leapDay, at('2028-02-29T00:00Z')))).toBe('2032-02-29T00:00Z');
    expect(iso(nextSlot(fifthFriday, at('2035-01-01T00:00Z')))).toBe('2036-02-29T00:00Z');
    expect(nextSlot(fifthFriday, at('2027-01-01T00:00Z'))).toBeNull();
  });
});

describe('twelve years of seconds', () => {
  const of = timetable('* * * * * *', 'Europe/Berlin');
  const [after, until] = [at('2020-01-01T00:00:00Z'), at('2032-01-01T00:00:00Z')];

  it('are counted by day, not by second', () => {
    expect(countSlots(of, after, until)).toBe((until - after) / SECOND);
  });

  it('have a latest ten that are found from the end', () => {
    const newest = latestSlots(of, after, until, 10);
    expect(newest).toEqual(Array.from({ length: 10 }, (_, index) => until - (9 - index) * SECOND));
  });
});
