import { hash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OpsError } from '../errors.ts';
import type { Snapshots } from '../services/host.ts';
import { writeAtomically } from './atomic-write.ts';

/** Keeps snapshots under their digest in `directory`, which it makes. */
export function snapshotsIn(directory: string): Snapshots {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return {
    keep: async (content) => {
      const sha256 = hash('sha256', content);
      if (!(await isWhole(join(directory, sha256), sha256))) {
        await writeAtomically(join(directory, sha256), content, { mode: 0o600 });
      }
      return sha256;
    },
    get: async (sha256) => {
      const content = await readFile(join(directory, sha256));
      if (hash('sha256', content) !== sha256) throw new OpsError(`the snapshot ${sha256} is damaged`);
      return content;
    },
  };
}

async function isWhole(path: string, sha256: string): Promise<boolean> {
  const kept = await readFile(path).catch(() => null);
  return kept !== null && hash('sha256', kept) === sha256;
}
