import { ContentError, type Place } from './content.ts';

export interface Line {
  text: string;
  /** Empty only for a last line that is not ended. */
  end: '' | '\n' | '\r\n';
}

export function linesOf(text: string): Line[] {
  return (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line) => {
    const end = line.endsWith('\r\n') ? '\r\n' : line.endsWith('\n') ? '\n' : '';
    return { text: line.slice(0, line.length - end.length), end };
  });
}

export const textOf = (lines: readonly Line[]): string => lines.map(({ text, end }) => text + end).join('');

/** How the first line ends. */
export const lineEndOf = (text: string): '\n' | '\r\n' => (/^[^\n]*\r\n/.test(text) ? '\r\n' : '\n');

/** Others in the place of the lines `from` to `to`, ended as the first one is. A last line without an end stays without. */
export function spliced(lines: readonly Line[], from: number, to: number, texts: readonly string[]): Line[] {
  const end = lines[0]?.end || '\n';
  const isOpen = lines.at(-1)?.end === '';
  if (isOpen && lines.at(-1)?.text.endsWith('\r')) throw new ContentError('ends in the middle of a line end');
  const next = [...lines.slice(0, from), ...texts.map((text): Line => ({ text, end })), ...lines.slice(to)];
  return next.map((line, index) => {
    if (index === next.length - 1 && isOpen) return { ...line, end: '' };
    return { ...line, end: line.end || end };
  });
}

/** The number of the line that something goes before. @throws ContentError where the line that is named is not there once. */
export function placeIn(lines: readonly Line[], place: Place): number {
  if ('at' in place) return lines.length;
  const named = 'after' in place ? place.after : place.before;
  const [found, second] = numbersOf(lines, (text) => text === named);
  if (found === undefined) throw new ContentError(`has no line ${JSON.stringify(named)}`);
  if (second !== undefined) throw new ContentError(`has the line ${JSON.stringify(named)} more than once`);
  return 'after' in place ? found + 1 : found;
}

export const numbersOf = (lines: readonly Line[], isMeant: (text: string) => boolean): number[] =>
  lines.flatMap(({ text }, index) => (isMeant(text) ? [index] : []));

/** The line of a place in a text, counted from 1. */
export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;
