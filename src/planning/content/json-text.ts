import type { Node } from 'jsonc-parser';
import { ContentError, type Json } from './content.ts';
import { lineEndOf } from './lines.ts';

const endOf = ({ offset, length }: Node): number => offset + length;

export const replaced = (text: string, node: Node, value: Json): string =>
  text.slice(0, node.offset) + written(text, value, indentAt(text, node.offset)) + text.slice(endOf(node));

/** One more name in a map: on a line of its own where the others are, else behind them. */
export function added(text: string, { offset, children = [] }: Node, name: string, value: Json): string {
  const [first, last] = [children[0], children.at(-1)];
  const outer = indentAt(text, offset);
  const indent = first ? indentAt(text, first.offset) : outer + unitOf(text);
  const pair = `${JSON.stringify(name)}: ${written(text, value, indent)}`;
  const end = lineEndOf(text);
  if (!first || !last) {
    const rest = text.slice(offset + 1).trimStart();
    return `${text.slice(0, offset + 1)}${end}${indent}${pair}${end}${outer}${rest}`;
  }
  const at = endOf(last);
  if (!isFirstInLine(text, first.offset)) return `${text.slice(0, at)}, ${pair}${text.slice(at)}`;
  // A comment behind the last one stays with it, a comma there is a trailing one.
  const [behind, comma = ''] = /^([ \t]*,)?[ \t]*(?:\/\/[^\r\n]*)?/.exec(text.slice(at)) ?? [''];
  const line = `${end}${indent}${pair}${comma.trim()}`;
  return `${text.slice(0, at)}${comma ? '' : ','}${behind}${line}${text.slice(at + behind.length)}`;
}

/** Without the nth name of a map. */
export function without(text: string, { offset, length, children = [] }: Node, at: number): string {
  const [before, own, next] = [children[at - 1], children[at], children[at + 1]];
  if (!own) return text;
  const lineStart = text.lastIndexOf('\n', own.offset - 1) + 1;
  const lineRest = /^[ \t]*(,?)[ \t]*(?:\/\/[^\n]*)?\r?\n/.exec(text.slice(endOf(own)));
  const isLast = !next && lineRest?.[1] === '';
  if (isFirstInLine(text, own.offset) && lineRest && (next || before)) {
    const head = text.slice(0, lineStart);
    const tail = text.slice(endOf(own) + lineRest[0].length);
    return before && isLast ? withoutCommaAt(head, endOf(before)) + tail : head + tail;
  }
  if (next) return text.slice(0, own.offset) + text.slice(next.offset);
  if (before) return text.slice(0, endOf(before)) + text.slice(endOf(own));
  const inner = text.slice(offset + 1, own.offset) + text.slice(endOf(own), offset + length - 1);
  return text.slice(0, offset + 1) + (inner.trim() === '' ? '' : inner) + text.slice(offset + length - 1);
}

function withoutCommaAt(text: string, at: number): string {
  const comma = /^\s*,/.exec(text.slice(at));
  if (comma) return text.slice(0, at) + text.slice(at + comma[0].length);
  throw new ContentError('a comment stands before a comma: it cannot be changed alone');
}

function written(text: string, value: Json, indent: string): string {
  return JSON.stringify(value, null, unitOf(text)).replaceAll('\n', lineEndOf(text) + indent);
}

const unitOf = (text: string): string => /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';

const lineTo = (text: string, at: number): string => text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
const isFirstInLine = (text: string, at: number): boolean => lineTo(text, at).trim() === '';
const indentAt = (text: string, at: number): string => /^[ \t]*/.exec(lineTo(text, at))?.[0] ?? '';
