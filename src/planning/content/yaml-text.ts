import { isCollection, isPair, type ParsedNode, stringify, type YAMLMap } from 'yaml';
import type { Json } from './content.ts';
import { lineEndOf } from './lines.ts';

export type ParsedMap = YAMLMap.Parsed;
type Entry = Readonly<Record<string, Json>>;

/** Read the same by YAML 1.1, and without folds. */
const STYLE = { compat: 'yaml-1.1', lineWidth: 0, blockQuote: false, flowCollectionPadding: false } as const;

/** In a form that may stand on one line, also within brackets. */
const inFlow = (value: Json): string =>
  stringify([value], { ...STYLE, collectionStyle: 'flow' })
    .trimEnd()
    .slice(1, -1);

const inBlock = (entry: Entry, indent: string): string[] =>
  stringify(entry, STYLE)
    .trimEnd()
    .split('\n')
    .map((line) => indent + line);

/** Whether nothing is written where the node is. */
export const isLeftOut = ({ range: [start, end] }: ParsedNode): boolean => start === end;

export function replaced(text: string, node: ParsedNode, value: Json): string {
  const [start] = node.range;
  const space = /\S/.test(text.charAt(start - 1)) ? ' ' : '';
  return text.slice(0, start) + space + inFlow(value) + text.slice(Math.max(start, endOf(text, node)));
}

/** Behind all that the document says. */
export const appended = (text: string, entry: Entry): string =>
  afterLine(text, text.trimEnd().length, inBlock(entry, ''));

/** The entry in a map that has others, or is written as `{}`. */
export function added(text: string, holder: ParsedMap, entry: Entry): string {
  if (!holder.flow) return afterLine(text, endOf(text, holder), inBlock(entry, indentOf(text, holder)));
  const at = text.slice(0, holder.range[1] - 1).trimEnd().length;
  return `${text.slice(0, at)}${holder.items.length > 0 ? ', ' : ''}${inFlow(entry).slice(1, -1)}${text.slice(at)}`;
}

/** The entry below a name of the map that has no value yet. */
export const addedBelow = (text: string, holder: ParsedMap, node: ParsedNode, entry: Entry): string =>
  afterLine(text, endOf(text, node), inBlock(entry, `${indentOf(text, holder)}  `));

export function without(text: string, holder: ParsedMap, at: number): string {
  const [own, next, before] = [holder.items[at], holder.items[at + 1], holder.items[at - 1]];
  if (!own) return text;
  const [start, end] = [own.key.range[0], endOf(text, own.value ?? own.key)];
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const isOnOwnLines = !holder.flow && text.slice(lineStart, start).trim() === '';
  if (isOnOwnLines && (next || before || lineStart === 0)) return withoutLines(text, lineStart, end);
  if (next) return text.slice(0, start) + text.slice(next.key.range[0]);
  if (before) return text.slice(0, endOf(text, before.value ?? before.key)) + text.slice(end);
  return `${text.slice(0, holder.range[0])}{}${text.slice(holder.flow ? holder.range[1] : end)}`;
}

/** Where the last that is said in it ends; comments and empty lines behind that are none of it. */
function endOf(text: string, node: ParsedNode): number {
  const last = isCollection(node) && !node.flow ? node.items.at(-1) : undefined;
  if (isPair(last)) return endOf(text, last.value ?? last.key);
  return last ? endOf(text, last) : text.slice(0, node.range[1]).trimEnd().length;
}

function indentOf(text: string, holder: ParsedMap): string {
  const start = holder.items[0]?.key.range[0] ?? 0;
  return ' '.repeat(start - text.lastIndexOf('\n', start - 1) - 1);
}

function afterLine(text: string, at: number, lines: readonly string[]): string {
  const end = lineEndOf(text);
  const next = text.indexOf('\n', at);
  const joined = lines.join(end);
  if (text === '') return joined + end;
  return next < 0 ? text + end + joined : text.slice(0, next + 1) + joined + end + text.slice(next + 1);
}

function withoutLines(text: string, start: number, end: number): string {
  const next = text.indexOf('\n', end);
  return next < 0 ? text.slice(0, start).replace(/\r?\n$/, '') : text.slice(0, start) + text.slice(next + 1);
}
