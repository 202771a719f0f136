import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { OpsError } from '../errors.ts';

/** More than any file that is read whole. */
const LONGEST_BYTES = 1024 * 1024;

/**
 * The text of a small file. Where somebody has put a pipe, a device or something endless in its place, nobody waits for it.
 * @throws OpsError for what is no such file, and what the system says of one that cannot be opened.
 */
export function readRegularFile(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (stat.isFile() && stat.size <= LONGEST_BYTES) return readFileSync(file, 'utf8');
    throw new OpsError(`${path} is not a file of ours: look what it is, and remove it`);
  } finally {
    closeSync(file);
  }
}
