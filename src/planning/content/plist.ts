import { ContentError, type Json, type KeyPath } from './content.ts';
import type { KeyFormat } from './format.ts';
import { lineAt, lineEndOf } from './lines.ts';
import { type Element, escaped, rootOf } from './plist-elements.ts';

/** A property list of XML. Changed in its text: the library writes all of it anew, without comments and with other numbers. */
export const plist: KeyFormat = {
  read: (xml) => {
    const root = rootOf(xml);
    return {
      says: valueOf(root, xml),
      set: (key, value) => {
        const { holder, element, rest } = elementAt(root, key);
        if (element) return spliced(xml, element.start, element.end, textOf(value, indentAt(xml, element.start)));
        return added(xml, holder, rest, value);
      },
      remove: (key) => without(xml, elementAt(root, key)),
    };
  },
  held: (value) => {
    if (!holdsNull(value)) return value;
    throw new ContentError('a property list has no null');
  },
};

function without(xml: string, { holder, element }: ReturnType<typeof elementAt>): string {
  const name = element && holder.children[holder.children.indexOf(element) - 1];
  if (!name) return xml;
  const before = xml.slice(0, name.start).replace(/\r?\n[ \t]*$/, '');
  return before + xml.slice(element.end);
}

const holdsNull = (value: Json): boolean =>
  value === null || (typeof value === 'object' && Object.values(value).some(holdsNull));

const spliced = (text: string, from: number, to: number, other: string): string =>
  text.slice(0, from) + other.replaceAll('\n', lineEndOf(text)) + text.slice(to);

function valueOf({ tag, text, children, start }: Element, xml: string): unknown {
  if (tag === 'array') return children.map((item) => valueOf(item, xml));
  if (tag === 'dict') return mapOf(children, start, xml);
  if (tag === 'true' || tag === 'false') return tag === 'true';
  const number = tag === 'integer' || tag === 'real' ? Number(text) : Number.NaN;
  if (tag === 'string' || Number.isSafeInteger(number) || (tag === 'real' && !Number.isNaN(number)))
    return tag === 'string' ? text : number;
  if (tag === 'key') throw new ContentError(`line ${lineAt(xml, start)}: a key without its value`);
  return { [tag]: text };
}

function mapOf(children: readonly Element[], start: number, xml: string): Record<string, unknown> {
  const values = new Map<string, unknown>();
  for (let index = 0; index < children.length; index += 2) {
    const [name, value] = children.slice(index, index + 2);
    const line = () => `line ${lineAt(xml, name?.start ?? start)}`;
    if (name?.tag !== 'key' || !value) throw new ContentError(`${line()}: keys and values must alternate`);
    if (values.has(name.text)) throw new ContentError(`${line()}: a key that stands there already`);
    values.set(name.text, valueOf(value, xml));
  }
  return Object.fromEntries(values);
}

/** The element at a key, and what holds it; or the innermost that is there, and the rest of the key. */
function elementAt(root: Element, key: KeyPath) {
  let holder = root;
  for (const [depth, name] of key.entries()) {
    const element = childOf(holder, name);
    if (!element) return { holder, rest: key.slice(depth) };
    if (depth === key.length - 1) return { holder, element, rest: [] };
    holder = element;
  }
  return { holder, rest: [] };
}

function childOf({ tag, children }: Element, name: string | number): Element | undefined {
  if (tag === 'array') return typeof name === 'number' ? children[name] : undefined;
  const at = children.findIndex((child, index) => index % 2 === 0 && child.text === String(name));
  return at < 0 ? undefined : children[at + 1];
}

function added(xml: string, holder: Element, [name, ...rest]: KeyPath, value: Json): string {
  if (holder.tag !== 'dict') throw new ContentError(`${name} would stand in a ${holder.tag}`);
  const outer = indentAt(xml, holder.start);
  const [first, last] = [holder.children[0], holder.children.at(-1)];
  const indent = first ? indentAt(xml, first.start) : `${outer}\t`;
  const whole = rest.reduceRight<Json>((inner, own) => ({ [own]: inner }), value);
  const pair = `\n${indent}${keyOf(String(name))}\n${indent}${textOf(whole, indent)}`;
  if (last) return spliced(xml, last.end, last.end, pair);
  return spliced(xml, holder.start, holder.end, `<dict>${pair}\n${outer}</dict>`);
}

/** The white space before what stands first in its line. */
const indentAt = (xml: string, at: number): string =>
  /[ \t]*$/.exec(/^[ \t]*/.exec(xml.slice(xml.lastIndexOf('\n', at - 1) + 1, at))?.[0] ?? '')?.[0] ?? '';

const keyOf = (name: string): string => `<key>${escaped(name)}</key>`;

function textOf(value: Json, indent: string): string {
  if (typeof value === 'string') return `<string>${escaped(value)}</string>`;
  if (typeof value === 'boolean') return `<${value}/>`;
  if (typeof value === 'number')
    return Number.isInteger(value) ? `<integer>${value}</integer>` : `<real>${value}</real>`;
  const inner = `${indent}\t`;
  const lines = Array.isArray(value)
    ? value.map((item: Json) => textOf(item, inner))
    : Object.entries(value ?? {}).flatMap(([name, own]) => [keyOf(name), textOf(own, inner)]);
  const tag = Array.isArray(value) ? 'array' : 'dict';
  if (lines.length === 0) return `<${tag}/>`;
  return [`<${tag}>`, ...lines.map((line) => inner + line), `${indent}</${tag}>`].join('\n');
}
