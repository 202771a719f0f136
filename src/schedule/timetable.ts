import type { Definition } from './definition.ts';
import { parsePattern } from './pattern.ts';
import type { Timetable } from './slots.ts';
import { isTimeZone } from './zone.ts';

type Times = Pick<Definition, 'pattern' | 'name' | 'time_zone'>;

/** When a definition is due; a string says why this version cannot read its pattern. */
export function readTimetable({ pattern, name, time_zone }: Times): Timetable | string {
  if (!isTimeZone(time_zone)) return `${time_zone} is no time zone that this Node knows`;
  const parsed = parsePattern(pattern, name);
  return typeof parsed === 'string' ? parsed : { pattern: parsed, timeZone: time_zone };
}

/** The same of a definition that was accepted. @throws Error where it was by another version. */
export function timetableOf(definition: Times): Timetable {
  const timetable = readTimetable(definition);
  if (typeof timetable === 'string') throw new Error(`the pattern of ${definition.name} cannot be read: ${timetable}`);
  return timetable;
}
