import { ContentError, type Json, type KeyPath } from './content.ts';

/** A text that was understood. */
export interface Understood {
  /** All that it says. */
  says: unknown;
  /** The text after a change, which touches nothing else of it. Both are asked only for what it does not say yet. */
  set(key: KeyPath, value: Json): string;
  remove(key: KeyPath): string;
}

/** How values are found and changed in files of one kind. */
export interface KeyFormat {
  /** @throws ContentError with the line where the text cannot be understood, or says something twice. */
  read(text: string): Understood;
  /** The value as a text says it. @throws ContentError where the format cannot hold it. */
  held(value: Json): Json;
}

type Holder = Readonly<Record<string | number, unknown>>;

const isHolder = (value: unknown): value is Holder => typeof value === 'object' && value !== null;

/** What stands at a key; undefined where nothing does. */
export function valueAt(value: unknown, key: KeyPath): unknown {
  return key.reduce<unknown>((at, name) => (isHolder(at) && Object.hasOwn(at, name) ? at[name] : undefined), value);
}

/** The value with another one at a key; undefined takes it away. @throws ContentError where the key leads through what holds nothing. */
export function changedAt(value: unknown, [name, ...rest]: KeyPath, next: unknown): unknown {
  if (name === undefined) return next;
  const holder = value ?? {};
  if (!isHolder(holder)) throw new ContentError(`${name} would stand in what is neither a map nor a list`);
  const child = changedAt(Object.hasOwn(holder, name) ? holder[name] : undefined, rest, next);
  if (Array.isArray(holder)) return itemChanged(holder, name, child);
  const others = Object.entries(holder).filter(([own]) => own !== String(name));
  return Object.fromEntries(child === undefined ? others : [...others, [name, child]]);
}

function itemChanged(list: readonly unknown[], at: string | number, item: unknown): unknown[] {
  if (typeof at === 'number' && at < list.length && item !== undefined) return list.with(at, item);
  throw new ContentError(`an item of a list is only changed, not added or removed (${at}): set the list as a whole`);
}

/** What a line can hold, as text. */
export function heldInLine(value: Json): string {
  if (typeof value === 'object') throw new ContentError('holds texts, numbers and booleans only');
  const text = String(value);
  if (/[\r\n]/.test(text)) throw new ContentError('a value of more than one line has no room there');
  return text;
}

/** Values by name, those of a name that stands there more than once in a list. */
export function byName(entries: readonly { name: string; value: unknown }[]): Record<string, unknown> {
  const groups = Map.groupBy(entries, ({ name }) => name);
  return Object.fromEntries(
    [...groups].map(([name, own]) => [name, own.length === 1 ? own[0]?.value : own.map(({ value }) => value)]),
  );
}

/** The one of its name, if there is one. @throws ContentError where there are more: which one counts differs from reader to reader. */
export function onlyOne<T extends { at: number }>(found: readonly T[], what: string): T | undefined {
  if (found.length < 2) return found[0];
  throw new ContentError(`${what} stands there more than once (line ${found.map(({ at }) => at + 1).join(', ')})`);
}
