import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { coerceError, OpsError } from '../../errors.ts';
import type { SecretSource } from '../../services/secrets.ts';

/** More than any secret, encrypted or not. */
const LONGEST_BYTES = 64 * 1024;

/** Files of a folder: the text as it is, without the newline that an editor puts at its end. */
export const fileSource =
  (folder: string): SecretSource =>
  async (name) =>
    textOf(readSecretFile(join(folder, name)), name).replace(/\n$/, '');

/**
 * A small file that nobody but root and the daemon can have written, and nobody else read. A link is not followed, and for
 * a pipe or a device nobody waits.
 * @throws OpsError with the command that mends it.
 */
export function readSecretFile(path: string): Buffer {
  return opened(path, (file) => readFileSync(file));
}

/** @throws OpsError as reading it would; of what is in it nothing is read. */
export function checkSecretFile(path: string): void {
  opened(path, () => undefined);
}

function opened<T>(path: string, use: (file: number) => T): T {
  refuse(statSync(dirname(path), { throwIfNoEntry: false }), dirname(path), 0o022);
  const file = open(path);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new OpsError(`${path} is no file: put the secret there as a regular one`);
    if (stat.size > LONGEST_BYTES)
      throw new OpsError(`${path} has ${stat.size} bytes: keep only the secret itself there`);
    refuse(stat, path, 0o027);
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** @throws OpsError where it is no UTF-8: what is not text would be changed on its way. */
export function textOf(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new OpsError(`the secret ${name} is not UTF-8: keep it there as text, e.g. in base64`);
  }
}

function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = coerceError(error) as NodeJS.ErrnoException;
    throw new OpsError(`${path} ${FAULTS[code ?? ''] ?? `cannot be opened (${code})`}`);
  }
}

const FAULTS: Record<string, string> = {
  ENOENT: 'is missing: put the secret there (docs/secrets.md says how)',
  ELOOP: 'is a link: put the secret itself there',
  EACCES: 'cannot be read by the daemon: let its group read it, type chmod 640',
  ENXIO: 'is no file: put the secret there as a regular one',
};

/** `forbidden`: the bits that its mode must not have. */
function refuse(stat: Stats | undefined, path: string, forbidden: number): void {
  if (!stat) return;
  const me = process.geteuid?.() ?? 0;
  if (stat.uid !== 0 && stat.uid !== me)
    throw new OpsError(`${path} belongs to another user, who can change it: type chown ${me} ${path}`);
  const excess = stat.mode & forbidden;
  if (excess !== 0)
    throw new OpsError(`${path} is open to others: type chmod ${excess & 0o020 ? 'g-w,' : ''}o= ${path}`);
}
