import { type Pattern, parsePattern } from '../../src/schedule/pattern.ts';
import type { Timetable } from '../../src/schedule/slots.ts';
import { NAME } from './patterns.ts';

export function patternOf(text: string, name = NAME): Pattern {
  const pattern = parsePattern(text, name);
  if (typeof pattern === 'string') throw new Error(`${text}: ${pattern}`);
  return pattern;
}

export const timetable = (text: string, timeZone: string): Timetable => ({ pattern: patternOf(text), timeZone });
