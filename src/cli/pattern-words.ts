import cronstrue from 'cronstrue';
import type { Definition } from '../schedule/definition.ts';
import { parsePattern } from '../schedule/pattern.ts';

/** cronstrue knows days and months by three letters only. */
const LONG_NAMES =
  /january|february|march|april|june|july|august|september|october|november|december|(?:sun|mon|tues|wednes|thurs|fri|satur)day/gi;

/** When a definition is due, as people say it; the pattern itself where nobody has words for it. */
export function patternInWords({ pattern, name }: Pick<Definition, 'pattern' | 'name'>): string {
  const parsed = parsePattern(pattern, name);
  if (typeof parsed === 'string') return pattern;
  try {
    return cronstrue.toString(
      parsed.expression.replaceAll(LONG_NAMES, (word) => word.slice(0, 3)),
      { use24HourTimeFormat: true },
    );
  } catch {
    return pattern;
  }
}
