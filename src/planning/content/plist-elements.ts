import { ContentError } from './content.ts';
import { lineAt } from './lines.ts';

/** An element of a property list, and where it is written. */
export interface Element {
  tag: string;
  start: number;
  end: number;
  children: Element[];
  /** Of one that holds no others. */
  text: string;
}

const TOKEN =
  /<!--[^]*?-->|<\?[^]*?\?>|<!DOCTYPE[^[>]*>|<(?<close>\/?)(?<tag>[a-z]+)(?<attributes>(?:\s[^<>]*?)?)(?<empty>\/?)>|(?<text>[^<]+)/y;
const HOLDERS: ReadonlySet<string> = new Set(['plist', 'dict', 'array']);
const TAGS: ReadonlySet<string> = new Set([
  ...HOLDERS,
  'key',
  'string',
  'integer',
  'real',
  'true',
  'false',
  'date',
  'data',
]);

/** The one value of an XML property list. @throws ContentError with the line where it is none. */
export function rootOf(xml: string): Element {
  const top: Element = { tag: '', start: 0, end: xml.length, children: [], text: '' };
  const open = [top];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < xml.length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(xml);
    if (!token) throw new ContentError(`line ${lineAt(xml, at)}: no XML of a property list`);
    if (!taken(open, token)) throw new ContentError(`line ${lineAt(xml, at)}: does not belong there`);
  }
  const [plist, second] = top.children;
  const [root, another] = plist?.children ?? [];
  if (plist?.tag !== 'plist' || second || open.length > 1 || !root || another)
    throw new ContentError(`line ${lineAt(xml, xml.length)}: not one <plist> with one value in it`);
  return root;
}

/** False where it cannot stand there. */
function taken(open: Element[], { index, 0: token, groups = {} }: RegExpExecArray): boolean {
  const { close, tag, empty, text } = groups;
  const holder = open.at(-1);
  if (!holder) return false;
  if (text !== undefined) return takenText(holder, text);
  if (tag === undefined) return true;
  if (close) {
    holder.end = index + token.length;
    return open.length > 1 && open.pop()?.tag === tag;
  }
  const element = { tag, start: index, end: index + token.length, children: [], text: '' };
  holder.children.push(element);
  if (!empty) open.push(element);
  return TAGS.has(tag) && (holder.tag === '' || HOLDERS.has(holder.tag));
}

function takenText(holder: Element, text: string): boolean {
  const isLeaf = holder.tag !== '' && !HOLDERS.has(holder.tag);
  if (isLeaf) holder.text += decoded(text);
  return isLeaf || text.trim() === '';
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const decoded = (text: string): string =>
  text.replaceAll(
    /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w+));/g,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      return code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
    },
  );

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
