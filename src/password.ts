import { randomBytes } from 'node:crypto';
import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { coerceError, OpsError } from './errors.ts';

const BYTES = 32;

/**
 * The password in this file; it is made where it is missing.
 * @throws OpsError where others can read it or know it, or where it is none of ours.
 */
export function passwordIn(path: string): string {
  makeOnce(path);
  const { mode, uid } = lstatSync(path);
  if (uid !== process.geteuid?.())
    throw new OpsError(`the password ${path} belongs to another user: remove it, and the next time a new one is made`);
  if ((mode & 0o077) !== 0)
    throw new OpsError(`the password ${path} can be read by others: remove it, and the next time a new one is made`);
  const password = readFileSync(path, 'utf8').trim();
  if (Buffer.from(password, 'base64url').length >= BYTES) return password;
  throw new OpsError(`the password ${path} is cut off: remove it, and the next time a new one is made`);
}

function makeOnce(path: string): void {
  try {
    writeFileSync(path, `${randomBytes(BYTES).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new OpsError(`cannot write a password: ${coerceError(error).message}`, { cause: error });
  }
}
