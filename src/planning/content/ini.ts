import { ContentError, type Json, type KeyPath } from './content.ts';
import { byName, heldInLine, type KeyFormat, onlyOne } from './format.ts';
import { type Line, linesOf, spliced, textOf } from './lines.ts';

/** `[section]` and `name = value`; a value is the whole rest of its line, and lines that begin with `;` or `#` are comments. */
export const ini: KeyFormat = {
  read: (text) => {
    const lines = linesOf(text);
    const parts = partsOf(lines);
    return {
      says: valueOf(parts),
      set: (key, value) => withEntry(lines, parts, key, heldIn(value)),
      remove: (key) => {
        const { found } = lookedUp(parts, key);
        return found ? textOf(spliced(lines, found.at, found.at + 1, [])) : text;
      },
    };
  },
  held: heldIn,
};

function withEntry(lines: readonly Line[], parts: readonly Part[], key: KeyPath, value: string): string {
  const { section, name, found } = lookedUp(parts, key);
  if (found) return textOf(spliced(lines, found.at, found.at + 1, [`${found.head}${value}`]));
  const part = parts.findLast((own) => own.section === section);
  const like = part?.entries.at(-1) ?? parts.flatMap(({ entries }) => entries)[0];
  const line = `${like?.indent ?? ''}${name}${like?.sign ?? ' = '}${value}`;
  if (!part) return textOf(spliced(lines, lines.length, lines.length, [`[${section}]`, line]));
  const at = part.entries.at(-1)?.at ?? part.at;
  return textOf(spliced(lines, at + 1, at + 1, [line]));
}

function heldIn(value: Json): string {
  const text = heldInLine(value);
  if (text === text.trim()) return text;
  throw new ContentError('a value that begins or ends with a space has no room there');
}

interface Entry {
  at: number;
  name: string;
  value: string;
  indent: string;
  sign: string;
  /** All of the line before the value. */
  head: string;
}

/** What stands below one header; what stands before the first one has the section ''. */
interface Part {
  /** The header's line, -1 for what has none. */
  at: number;
  section: string;
  entries: Entry[];
}

function partsOf(lines: readonly Line[]): Part[] {
  const parts: Part[] = [{ at: -1, section: '', entries: [] }];
  for (const [at, { text }] of lines.entries()) {
    const section = /^\s*\[([^\]]+)\]\s*(?:[;#].*)?$/.exec(text)?.[1];
    if (section !== undefined) parts.push({ at, section: section.trim(), entries: [] });
    const [, head = '', indent = '', name = '', sign = '', value = ''] =
      /^((\s*)([^\s=;#[](?:[^=]*[^\s=])?)(\s*=\s*))(.*)$/.exec(text) ?? [];
    if (head) parts.at(-1)?.entries.push({ at, name, value: value.trimEnd(), indent, sign, head });
  }
  return parts;
}

function valueOf(parts: readonly Part[]): unknown {
  const sections = Map.groupBy(parts, ({ section }) => section);
  const named = [...sections].map(([name, own]) => ({ name, value: byName(own.flatMap(({ entries }) => entries)) }));
  const [top, ...others] = named;
  const twice = others.find(({ name }) => top && Object.hasOwn(top.value, name));
  if (twice) throw new ContentError('has a section and a value of the same name');
  return { ...top?.value, ...byName(others) };
}

function lookedUp(parts: readonly Part[], key: KeyPath) {
  const [name, section, ...more] = key.map(String).toReversed();
  if (name === undefined || more.length > 0) throw new ContentError('an INI file has sections, and values in them');
  const own = parts.filter((part) => part.section === (section ?? ''));
  const found = onlyOne(
    own.flatMap(({ entries }) => entries.filter((entry) => entry.name === name)),
    key.join('.'),
  );
  return { section: section ?? '', name, found };
}
