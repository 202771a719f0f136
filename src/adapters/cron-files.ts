import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { digestOf } from '../contract/digest.ts';
import { coerceError, OpsError } from '../errors.ts';
import { Definition } from '../schedule/definition.ts';
import { readRegularFile } from './regular-file.ts';

/** A definition as it lies in the configuration directory. Nothing comes of it before a signed task has it. */
export interface CronFile {
  /** Of the file, without `.yaml`; the definition must bear it too. */
  name: string;
  path: string;
  /** The problem, where it cannot be used. */
  content: { definition: Definition; digest: string } | { problem: string };
}

const SUFFIX = '.yaml';

/** The definitions of a folder by name, also those that cannot be used; none where it is missing. */
export function cronFilesIn(folder: string): CronFile[] {
  return entriesOf(folder)
    .filter(({ name }) => name.endsWith(SUFFIX))
    .map((entry) => cronFile(entry, join(folder, entry.name)))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const { code, message } = coerceError(error) as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new OpsError(`cannot read ${folder}: ${message}`);
  }
}

function cronFile(entry: Dirent, path: string): CronFile {
  const name = entry.name.slice(0, -SUFFIX.length);
  try {
    if (!entry.isFile()) throw new OpsError('it is no regular file');
    const definition = Definition.parse(parseYaml(readRegularFile(path), { schema: 'core' }));
    if (definition.name !== name)
      throw new OpsError(`it defines ${definition.name}: name it ${definition.name}${SUFFIX}`);
    return { name, path, content: { definition, digest: digestOf(definition) } };
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : coerceError(error).message;
    return { name, path, content: { problem } };
  }
}
