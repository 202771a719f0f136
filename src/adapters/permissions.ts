import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OpsError } from '../errors.ts';
import type { Home } from '../home.ts';

/**
 * The only private key that a daemon may read is its host's.
 * @throws OpsError naming another one that it can read, unless the home is one for trying out.
 */
export function refuseForeignKeys(home: Home, dev: boolean): void {
  const readable = [home.etc.operatorKey, ...filesIn(home.keys)].filter(isReadable);
  if (readable.length === 0 || dev) return;
  throw new OpsError(
    `the daemon can read private keys that are not its own (${readable.join(', ')}): move them away, or set dev: true in ${home.etc.ops} to try things out`,
  );
}

/**
 * Who can write these files decides what runs here.
 * @throws OpsError naming those that others than their owner can write, and the command that mends it.
 */
export function refuseLooseFiles({ etc }: Home): void {
  const loose = [etc.dir, etc.ops, etc.policy, etc.keyring].filter(isWritableByOthers);
  if (loose.length === 0) return;
  throw new OpsError(`others can write ${loose.join(', ')}: type chmod go-w ${loose.join(' ')}`);
}

function isWritableByOthers(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (stat.mode & 0o022) !== 0;
}

function filesIn(directory: string): string[] {
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(directory).map((name) => join(directory, name));
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
