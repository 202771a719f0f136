import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { ContentError, type Json, type KeyPath } from './content.ts';
import type { KeyFormat } from './format.ts';
import { added, replaced, without } from './json-text.ts';
import { lineAt } from './lines.ts';

/** JSON, also with comments and trailing commas, which stay. Changed in its text: the library would break lines anew. */
export const json: KeyFormat = {
  read: (text) => {
    const own = text.trim() === '' ? '{}\n' : text;
    const tree = treeOf(own);
    return {
      says: valueOf(tree, own),
      set: (key, value) => withValue(own, tree, key, value),
      remove: (key) => {
        const { holder, node } = placeOf(tree, key);
        const at = holder.children?.findIndex((property) => property === node?.parent) ?? -1;
        return at < 0 ? text : without(own, holder, at);
      },
    };
  },
  held: (value) => value,
};

function withValue(text: string, tree: Node, key: KeyPath, value: Json): string {
  const { holder, node, rest } = placeOf(tree, key);
  const [name, ...below] = rest;
  if (node && name === undefined) return replaced(text, node, value);
  const whole = below.reduceRight<Json>((inner, next) => ({ [next]: inner }), value);
  if (holder.type === 'object' && name !== undefined) return added(text, holder, String(name), whole);
  throw new ContentError(`${name} would stand in what is no map`);
}

function treeOf(text: string): Node {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (!error && tree) return tree;
  const what = error ? printParseErrorCode(error.error) : 'ValueExpected';
  throw new ContentError(`line ${lineAt(text, error?.offset ?? 0)}: ${what}`);
}

function valueOf({ type, value, children = [] }: Node, text: string): unknown {
  if (type === 'array') return children.map((item) => valueOf(item, text));
  return type === 'object' ? mapOf(children, text) : value;
}

function mapOf(properties: readonly Node[], text: string): Record<string, unknown> {
  const values = new Map<string, unknown>();
  for (const { offset, children: [name, value] = [] } of properties) {
    const key = String(name?.value);
    if (values.has(key)) throw new ContentError(`line ${lineAt(text, offset)}: a key that stands there already`);
    if (value) values.set(key, valueOf(value, text));
  }
  return Object.fromEntries(values);
}

/** What stands at a key, and what holds it; or the innermost that is there, and the rest of the key. */
function placeOf(tree: Node, key: KeyPath): { holder: Node; node?: Node; rest: KeyPath } {
  let holder = tree;
  for (const [depth, name] of key.entries()) {
    const { type, children = [] } = holder;
    const property = children.find((own) => type === 'object' && own.children?.[0]?.value === String(name));
    const node = property?.children?.[1] ?? (type === 'array' ? children[Number(name)] : undefined);
    if (!node) return { holder, rest: key.slice(depth) };
    if (depth === key.length - 1) return { holder, node, rest: [] };
    holder = node;
  }
  return { holder, rest: [] };
}
