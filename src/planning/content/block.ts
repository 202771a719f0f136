import { type BlockContent, ContentError } from './content.ts';
import { type Line, linesOf, numbersOf, placeIn, spliced, textOf } from './lines.ts';

/** What might be taken for a marker. */
const MARKER = /^\s*\S+\s+(?:BEGIN|END) savorg-ops\b/;

export const hasMarkers = (text: string): boolean => linesOf(text).some((line) => MARKER.test(line.text));

/** The text with the block as it is to be. @throws ContentError where its markers are not one pair. */
export function withBlock(text: string, { name, comment, text: wanted, place }: BlockContent): string {
  const lines = linesOf(text);
  const begin = `${comment} BEGIN savorg-ops ${name}`;
  const end = `${comment} END savorg-ops ${name}`;
  const found = pairIn(lines, name, begin, end);
  if (!found && wanted === null) return text;
  const block = wanted === null ? [] : [begin, ...linesOf(wanted).map((line) => line.text), end];
  const [from, to] = found ?? [placeIn(lines, place), placeIn(lines, place)];
  return textOf(spliced(lines, from, to, block));
}

function pairIn(lines: readonly Line[], name: string, begin: string, end: string): [number, number] | null {
  const ours = new RegExp(`${MARKER.source} ${RegExp.escape(name)}\\s*$`);
  const numbers = numbersOf(lines, (text) => ours.test(text));
  const [from = 0, to = 0] = numbers;
  if (numbers.length === 0) return null;
  const isPair = numbers.length === 2 && lines[from]?.text === begin && lines[to]?.text === end;
  const between = numbersOf(lines.slice(from + 1, to), (text) => MARKER.test(text));
  if (isPair && between.length === 0) return [from, to + 1];
  const where = [...numbers, ...between.map((number) => number + from + 1)].map((number) => number + 1);
  throw new ContentError(
    `the markers of the block ${name} are not one pair of "${begin}" and "${end}" (line ${where.join(', ')}): mend them by hand`,
  );
}
