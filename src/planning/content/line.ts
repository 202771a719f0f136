import { ContentError, type LineContent } from './content.ts';
import { linesOf, numbersOf, placeIn, spliced, textOf } from './lines.ts';

/** The text with the line, or without it. @throws ContentError where more than one begins as it does. */
export function withLine(text: string, { match, line, place }: LineContent): string {
  const lines = linesOf(text);
  const isMeant = (own: string) => ('exactly' in match ? own === match.exactly : own.startsWith(match.startsWith));
  const found = numbersOf(lines, isMeant);
  const [first] = found;
  if ('startsWith' in match && found.length > 1)
    throw new ContentError(`has ${found.length} lines that begin with ${JSON.stringify(match.startsWith)}`);
  if (line === null) return textOf(found.toReversed().reduce((left, at) => spliced(left, at, at + 1, []), lines));
  if (first === undefined) {
    const at = placeIn(lines, place);
    return textOf(spliced(lines, at, at, [line]));
  }
  return 'exactly' in match ? text : textOf(spliced(lines, first, first + 1, [line]));
}
