import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { ContentError, type Json, type KeyPath } from './content.ts';
import type { KeyFormat } from './format.ts';
import { added, addedBelow, appended, isLeftOut, type ParsedMap, replaced, without } from './yaml-text.ts';

/** One YAML document. Changed in its text: the library would indent, quote and break all of it anew. */
export const yaml: KeyFormat = {
  read: (text) => {
    const document = documentOf(text);
    return {
      says: valueOf(document),
      set: (key, value) => withValue(text, placeOf(document, key), value),
      remove: (key) => {
        const { holder, pair } = placeOf(document, key);
        return holder && pair ? without(text, holder, holder.items.indexOf(pair)) : text;
      },
    };
  },
  held: (value) => value,
};

function withValue(text: string, { holder, node, rest }: Place, value: Json): string {
  const [name, ...below] = rest;
  if (name === undefined) return node ? replaced(text, node, value) : text;
  const entry = { [name]: below.reduceRight<Json>((inner, own) => ({ [own]: inner }), value) };
  if (!holder) return appended(text, entry);
  if (!node) return added(text, holder, entry);
  return isLeftOut(node) && !holder.flow ? addedBelow(text, holder, node, entry) : replaced(text, node, entry);
}

type ReadDocument = ReturnType<typeof documentOf>;

function documentOf(text: string) {
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false, logLevel: 'error', uniqueKeys: false } as const;
  const document = parseDocument(text, options);
  const lineOf = (offset: number) => `line ${lines.linePos(offset).line}`;
  const [error] = document.errors;
  // Its message may quote the file.
  if (error) throw new ContentError(`${lineOf(error.pos[0])}: ${error.code.toLowerCase().replaceAll('_', '-')}`);
  visit(document, { Map: (_, map) => refuseTwice(map, lineOf) });
  return document;
}

/** The library's own check takes minutes for a map of some ten thousand names. */
function refuseTwice({ items }: YAMLMap, lineOf: (offset: number) => string): void {
  const seen = new Set<string>();
  for (const { key } of items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    if (seen.has(name)) throw new ContentError(`${lineOf(key.range?.[0] ?? 0)}: duplicate-key`);
    seen.add(name);
  }
}

function valueOf(document: ReadDocument): unknown {
  try {
    return document.toJS() ?? {};
  } catch {
    throw new ContentError('its aliases stand for too much, or for what is not there');
  }
}

interface Place {
  /** The innermost map on the way; null in an empty document. */
  holder: ParsedMap | null;
  pair?: ParsedMap['items'][number];
  /** What stands at the key, or where nothing does the null on the way to it. */
  node?: ParsedNode | null;
  /** What of the key is not there yet. */
  rest: KeyPath;
}

function placeOf({ contents }: ReadDocument, key: KeyPath): Place {
  let place: Place = { holder: null, node: contents, rest: key };
  for (const [depth, name] of key.entries()) {
    const { node } = place;
    if (isSeq(node) && typeof name === 'number')
      place = { ...place, node: node.items[name] as ParsedNode, rest: key.slice(depth + 1) };
    else if (isMap(node)) place = placeIn(node, name, key.slice(depth));
    else if (isScalar(node) && node.value === null) return place;
    else if (node) throw new ContentError(`${name} would stand in ${isAlias(node) ? 'an alias' : 'what is no map'}`);
    else return place;
  }
  return place;
}

function placeIn(holder: ParsedMap, name: string | number, rest: KeyPath): Place {
  const pair = holder.items.find((own) => isScalar(own.key) && String(own.key.value) === String(name));
  return pair ? { holder, pair, node: pair.value, rest: rest.slice(1) } : { holder, rest };
}
