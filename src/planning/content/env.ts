import { ContentError, type KeyPath } from './content.ts';
import { byName, heldInLine, type KeyFormat, onlyOne } from './format.ts';
import { lineAt, linesOf, spliced, textOf } from './lines.ts';

/** `NAME=value`, as a shell reads it; what a shell would have to work out is left alone, or replaced as a whole. */
export const env: KeyFormat = {
  read: (text) => {
    const entries = entriesIn(text);
    return {
      says: byName(entries),
      set: (key, value) => withEntry(text, entries, key, quoted(heldInLine(value))),
      remove: (key) => {
        const { found } = lookedUp(entries, key);
        return found ? textOf(spliced(linesOf(text), found.at, lineAt(text, found.to), [])) : text;
      },
    };
  },
  held: heldInLine,
};

function withEntry(text: string, entries: readonly Entry[], key: KeyPath, word: string): string {
  const { name, found } = lookedUp(entries, key);
  if (found) return text.slice(0, found.from) + word + text.slice(found.to);
  const isExported = entries.length > 0 && entries.every(({ exported }) => exported);
  const lines = linesOf(text);
  return textOf(spliced(lines, lines.length, lines.length, [`${isExported ? 'export ' : ''}${name}=${word}`]));
}

interface Entry {
  /** Its first line. */
  at: number;
  name: string;
  exported: boolean;
  /** The text, or what a shell makes it of. */
  value: string | { shell: string };
  /** Where the value is written. */
  from: number;
  to: number;
}

const EMPTY = /[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y;
const HEAD = /[ \t]*(export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=/y;
/** One word without expansions, and nothing but a comment behind it. */
const PLAIN = /((?:'[^']*'|"(?:[^"\\$`]|\\[^])*"|\\[^\r\n]|[^\s'"\\$`;&|<>()])*)(?:[ \t]+#[^\n]*|[ \t]*)(?:\r?\n|$)/y;
/** All else to the line's end, quotes closed. */
const SHELL = /((?:'[^']*'|"(?:[^"\\]|\\[^])*"|\\[^\r\n]|[^'"\\\r\n])*)(?:\r?\n|$)/y;

function entriesIn(text: string): Entry[] {
  const entries: Entry[] = [];
  for (let start = 0, at = 0; start < text.length; ) {
    const empty = matchAt(EMPTY, text, start);
    const entry = empty ? null : entryAt(text, start, at);
    if (entry) entries.push(entry);
    const next = start + (empty?.[0].length ?? entry?.length ?? text.length);
    at += text.slice(start, next).split('\n').length - 1;
    start = next;
  }
  return entries;
}

function entryAt(text: string, start: number, at: number): Entry & { length: number } {
  const head = matchAt(HEAD, text, start);
  if (!head) throw new ContentError(`line ${at + 1}: neither a variable nor a comment`);
  const from = start + head[0].length;
  const plain = matchAt(PLAIN, text, from);
  const found = plain ?? matchAt(SHELL, text, from);
  if (!found) throw new ContentError(`line ${at + 1}: a quote is not closed`);
  const [whole, word = ''] = found;
  const value = plain ? unquoted(word) : { shell: word };
  const [, exported, name = ''] = head;
  const length = head[0].length + whole.length;
  return { at, name, exported: exported !== undefined, value, from, to: from + word.length, length };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

const unquoted = (word: string): string =>
  word.replaceAll(
    /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])/g,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replaceAll(/\\(?:([$`"\\])|\n)/g, '$1') ?? escaped ?? '',
  );

/** So that a shell reads it back; plain where it can be, for readers that know no quotes. */
function quoted(value: string): string {
  if (/^[\w./:@%+,=-]*$/.test(value)) return value;
  return value.includes("'") ? `"${value.replaceAll(/[\\"$`]/g, '\\$&')}"` : `'${value}'`;
}

function lookedUp(entries: readonly Entry[], key: KeyPath) {
  const name = key.join('.');
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new ContentError('an env file has variables only');
  const own = entries.filter((entry) => entry.name === name);
  return { name, found: onlyOne(own, name) };
}
