import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { utcTime } from '../../src/contract/names.ts';
import { Definition } from '../../src/schedule/definition.ts';

export const EXAMPLES = join(import.meta.dirname, '../../examples');
const CRONS = join(EXAMPLES, 'crons');
const DAY_MS = 24 * 3600_000;

/** The names of all stock definitions. */
export const stockNames = readdirSync(CRONS).map((name) => name.replace(/\.yaml$/, ''));

export const stockText = (name: string): string => readFileSync(join(CRONS, `${name}.yaml`), 'utf8');

/** One of them as an operator would adapt it to a folder; valid for another day. */
export function adapted(name: string, folder: string, changes: readonly [string, string][] = []): Definition {
  const text = [['/opt/example', folder] as const, ...changes].reduce(replaced, stockText(name));
  return Definition.parse({ ...parse(text), valid_until: utcTime(Date.now() + DAY_MS) });
}

function replaced(text: string, [from, to]: readonly [string, string]): string {
  if (!text.includes(from)) throw new Error(`there is no ${from} to be replaced`);
  return text.replaceAll(from, to);
}
