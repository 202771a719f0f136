import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { coerceError } from '../../errors.ts';
import { isWellFormed } from '../../planning/secret-ref.ts';
import { checkSecretFile } from './file.ts';

/** A secret that lies in a folder of them. */
export interface StoredSecret {
  /** How a task names it. */
  ref: string;
  /** Why it cannot be fetched; null where nothing is known to be in the way. */
  problem: string | null;
}

/** The secrets in a folder, by name. Of what is in them nothing is read. */
export function storedSecrets(folder: string): StoredSecret[] {
  return namesIn(folder).map((name) => {
    const ref = name.endsWith('.age') ? `secret:age/${name.slice(0, -'.age'.length)}` : `secret:file/${name}`;
    return {
      ref,
      problem: isWellFormed(ref)
        ? problemOf(join(folder, name))
        : 'cannot be named: use letters, digits and ._@- in its name',
    };
  });
}

/** Why the daemon could not use this file as a secret. */
export function problemOf(path: string): string | null {
  try {
    checkSecretFile(path);
    return null;
  } catch (error) {
    return coerceError(error).message;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if ((coerceError(error) as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
