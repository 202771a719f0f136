import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { slotsBetween, type Timetable } from '../../src/schedule/slots.ts';
import { Random } from '../fuzz/random.ts';
import { expectedSlots, type Wall, wallOf } from './oracle.ts';
import { PATTERNS, ZONES } from './patterns.ts';
import { timetable } from './support.ts';

const AFTER = Date.parse('2026-11-23T00:00:00Z');
const UNTIL = Date.parse('2027-11-23T00:00:00Z');
const MINUTE = 60_000;

/** From one look to the next: mostly a timer's few minutes, at times asleep for hours or down for days. */
function nextLook(random: Random, last: number): number {
  const longest = random.chance(1) ? 3 * 1440 : random.chance(10) ? 600 : 60;
  return last + 1 + random.int(longest * MINUTE);
}

/** What a daemon sees that looks at its clock now and then, from AFTER until UNTIL. */
function collected(of: Timetable, after: number, until: number, seed: string): number[] {
  const random = new Random(seed);
  const slots: number[] = [];
  for (let last = after; last < until; ) {
    const now = Math.min(until, nextLook(random, last));
    for (const due of slotsBetween(of, last, now)) slots.push(due);
    last = now;
  }
  return slots;
}

const iso = (at: number | undefined): string => (at === undefined ? 'none' : new Date(at).toISOString());

/** The first slot that differs, of lists that are too long to print. */
function difference(slots: number[], expected: number[]): string | undefined {
  const length = Math.max(slots.length, expected.length);
  for (let index = 0; index < length; index++) {
    if (slots[index] !== expected[index]) return `${iso(slots[index])} instead of ${iso(expected[index])}`;
  }
  return undefined;
}

const same = (of: Wall, timeZone: string): string[] =>
  PATTERNS.flatMap(({ text, plain = text }) => {
    const slots = collected(timetable(text, timeZone), of.after, of.until, `${text} ${timeZone}`);
    const wrong = difference(slots, expectedSlots(plain, of));
    return wrong ? [`${text}: ${wrong}`] : [];
  });

describe('a year of looks at the clock', () => {
  const walls = ZONES.map((timeZone) => ({ timeZone, wall: wallOf(timeZone, AFTER, UNTIL) }));

  it.each(walls)('finds every slot of every pattern once, in order, in $timeZone', ({ timeZone, wall }) => {
    expect(PATTERNS.length).toBeGreaterThanOrEqual(40);
    expect(same(wall, timeZone)).toEqual([]);
  });

  it('finds as many as docs/schedules.md says', () => {
    const table = PATTERNS.map(({ text, plain = text }) => {
      const counts = walls.map(({ wall }) => expectedSlots(plain, wall).length.toLocaleString('en-US'));
      return `| \`${text}\` | ${counts.join(' | ')} |`;
    });
    const page = readFileSync('docs/schedules.md', 'utf8');
    expect(page.match(/^\| `.*` (?:\| [\d,]+ ){4}\|$/gm)).toEqual(table);
  });
});

describe('a month of looks at the clock, in which its zone', () => {
  it.each([
    ['skips midnight', 'Asia/Beirut', '2026-03-15'],
    ['skips midnight', 'America/Havana', '2027-03-01'],
    ['repeats midnight', 'America/Havana', '2026-10-20'],
    ['skips a whole day', 'Pacific/Apia', '2011-12-15'],
    ['repeats half an hour', 'Australia/Lord_Howe', '2027-03-25'],
    ['has its standard time in summer', 'Europe/Dublin', '2026-10-10'],
    ['skips two hours', 'Antarctica/Troll', '2027-03-15'],
    ['loses half an hour for good', 'Asia/Pyongyang', '2018-04-20'],
    ['gains half an hour for good', 'Asia/Pyongyang', '2015-08-01'],
    ['is a quarter of an hour off', 'Asia/Kathmandu', '2026-12-20'],
  ])('%s: %s, %s', (_, timeZone, from) => {
    const after = Date.parse(`${from}T00:00:00Z`);
    expect(same(wallOf(timeZone, after, after + 31 * 1440 * MINUTE), timeZone)).toEqual([]);
  });
});
