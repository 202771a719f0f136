import { mkdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Redactor, redacted } from '../secret.ts';
import type { QuarantineFiles } from '../services/quarantine.ts';
import { writeAtomically } from './atomic-write.ts';

const LONGEST_BYTES = 256 * 1024;
const KEPT = 200;

/** Keeps the newest 200 in `directory`, which it makes, their secrets masked; names must sort by time. A file is cut off at 256 KiB. */
export function quarantineIn(directory: string, redactor: Redactor): QuarantineFiles {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return {
    keep: async (name, found) => {
      const content = JSON.stringify(redacted(found, redactor), null, 2);
      const path = join(directory, name);
      await writeAtomically(path, Buffer.from(content).subarray(0, LONGEST_BYTES), { mode: 0o600 });
      const names = (await readdir(directory)).toSorted();
      for (const old of names.slice(0, -KEPT)) await rm(join(directory, old), { force: true });
      return path;
    },
  };
}
