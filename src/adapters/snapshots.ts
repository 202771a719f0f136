import { hash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { OpsError } from '../errors.ts';
import type { Snapshots } from '../services/ports.ts';
import { syncDirectory } from './files.ts';

/** Keeps snapshots under their digest in `directory`, which it makes. */
export function snapshotsIn(directory: string): Snapshots {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return {
    keep: async (content) => {
      const sha256 = hash('sha256', content);
      const path = join(directory, sha256);
      const kept = await access(path).then(
        () => true,
        () => false,
      );
      if (!kept) {
        await writeFileAtomic(path, Buffer.from(content), { mode: 0o600, fsync: true });
        await syncDirectory(directory);
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
