import { describe, expect, it } from 'vitest';
import { patternInWords } from '../../src/cli/pattern-words.ts';
import { NAME, PATTERNS } from '../schedule/patterns.ts';

const words = (pattern: string, name = NAME) => patternInWords({ pattern, name });

describe('a pattern in words', () => {
  it.each([
    ['30 2 * * *', 'At 02:30'],
    ['@daily', 'At 00:00'],
    ['*/20 * * * * *', 'Every 20 seconds'],
    ['0 4 * * monday', 'At 04:00, only on Monday'],
    ['0 4 1 JANUARY *', 'At 04:00, on day 1 of the month, only in January'],
    ['0 4 * * mondayL', 'At 04:00, on the last Monday of the month'],
    ['0 7 15W * *', 'At 07:00, on the weekday nearest day 15 of the month'],
  ])('%s: %s', (pattern, expected) => {
    expect(words(pattern)).toBe(expected);
  });

  it('says what H means for this name', () => {
    expect(words('H H * * *')).toMatch(/^At \d\d:\d\d$/);
    expect(words('H H * * *', 'another')).not.toBe(words('H H * * *'));
  });

  it.each(PATTERNS.map(({ text }) => text))('there are some for %s', (pattern) => {
    expect(words(pattern)).toMatch(/^(?:At|Every|On the hour)\b/);
  });

  it('is the pattern itself where this version cannot read it', () => {
    expect(words('no pattern')).toBe('no pattern');
  });
});
