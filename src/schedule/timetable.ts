import type { Definition } from './definition.ts';
import { parsePattern } from './pattern.ts';
import type { Timetable } from './slots.ts';

/** When a definition that was accepted is due. @throws Error where this version cannot read its pattern any more. */
export function timetableOf({
  pattern,
  name,
  time_zone,
}: Pick<Definition, 'pattern' | 'name' | 'time_zone'>): Timetable {
  const parsed = parsePattern(pattern, name);
  if (typeof parsed === 'string') throw new Error(`the pattern of ${name} cannot be read: ${parsed}`);
  return { pattern: parsed, timeZone: time_zone };
}
