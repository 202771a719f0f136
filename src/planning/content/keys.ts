import { isDeepStrictEqual } from 'node:util';
import {
  ContentError,
  type Json,
  type KeyFormatName,
  type KeyPath,
  type KeysContent,
  resolved,
  type SecretValues,
} from './content.ts';
import { env } from './env.ts';
import { changedAt, type KeyFormat, valueAt } from './format.ts';
import { ini } from './ini.ts';
import { json } from './json.ts';
import { plist } from './plist.ts';
import { yaml } from './yaml.ts';

export const FORMATS: Record<KeyFormatName, KeyFormat> = { yaml, json, ini, plist, env };

/** The text with the values as they are to be. What is already so stays as it is written. */
export function withKeys(
  text: string,
  { format, set, remove }: Omit<KeysContent, 'type'>,
  secrets: SecretValues,
): string {
  const own = FORMATS[format];
  // Also where nothing is to change: what cannot be understood is never called right.
  own.parse(text);
  // Values before removals: what a file has no other of is then still there to be written alike.
  const written = set.reduce(
    (left, { key, value }) => changed(own, left, key, own.held(resolved(value, secrets))),
    text,
  );
  return remove.reduce((left, key) => changed(own, left, key, undefined), written);
}

function changed(format: KeyFormat, text: string, key: KeyPath, value: Json | undefined): string {
  const before = format.parse(text);
  if (isDeepStrictEqual(valueAt(before, key), value)) return text;
  const wanted = changedAt(before, key, value);
  const next = value === undefined ? format.remove(text, key) : format.set(text, key, value);
  // However it was written: it says what was wanted, and all else as before.
  if (saysSo(format, next, wanted)) return next;
  throw new ContentError(`${key.join('.')} stands where it cannot be changed alone: write the file as a whole`);
}

function saysSo(format: KeyFormat, text: string, wanted: unknown): boolean {
  try {
    return isDeepStrictEqual(format.parse(text), wanted);
  } catch (error) {
    if (error instanceof ContentError) return false;
    throw error;
  }
}
