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
import { changedAt, type KeyFormat, type Understood, valueAt } from './format.ts';
import { ini } from './ini.ts';
import { json } from './json.ts';
import { plist } from './plist.ts';
import { yaml } from './yaml.ts';

const FORMATS: Record<KeyFormatName, KeyFormat> = { yaml, json, ini, plist, env };

/** A text that was understood, in its format. */
interface Page extends Understood {
  format: KeyFormatName;
  text: string;
}

/** Also where nothing is to change: what cannot be understood is never called right. */
export const pageOf = (format: KeyFormatName, text: string): Page => ({ format, text, ...FORMATS[format].read(text) });

/** The text with the values as they are to be. What is already so stays as it is written. */
export function withKeys(
  page: Page,
  { set, remove }: Pick<KeysContent, 'set' | 'remove'>,
  secrets: SecretValues,
): Page {
  const format = FORMATS[page.format];
  // Values before removals: what a file has no other of is then still there to be written alike.
  const written = set.reduce((left, { key, value }) => changed(left, key, format.held(resolved(value, secrets))), page);
  return remove.reduce((left, key) => changed(left, key, undefined), written);
}

function changed(page: Page, key: KeyPath, value: Json | undefined): Page {
  if (isDeepStrictEqual(valueAt(page.says, key), value)) return page;
  const wanted = changedAt(page.says, key, value);
  const next = readAgain(page.format, value === undefined ? page.remove(key) : page.set(key, value));
  // However it was written: it says what was wanted, and all else as before.
  if (next && isDeepStrictEqual(next.says, wanted)) return next;
  throw new ContentError(`${key.join('.')} stands where it cannot be changed alone: write the file as a whole`);
}

function readAgain(format: KeyFormatName, text: string): Page | null {
  try {
    return pageOf(format, text);
  } catch (error) {
    if (error instanceof ContentError) return null;
    throw error;
  }
}
