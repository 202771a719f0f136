import { accessSync, constants, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
 * Who can write these files decides what runs here, and what is known of it. They are root's or the daemon's own, nobody
 * else can write them, and nobody else can look into `var`. Above a home that is not for trying out nobody else can put
 * another one in its place.
 * @throws OpsError naming those that are not so, and the command that mends it.
 */
export function refuseLooseFiles({ root, etc, var: own }: Home, dev: boolean): void {
  const above = dev ? [] : [...new Set([root, realpathSync(root)].flatMap(foldersAbove))];
  const settings = [root, etc.dir, etc.ops, etc.policy, etc.keyring, etc.redisUrl, etc.crons, etc.secrets];
  const folders = [own.run, own.snapshots, own.output, own.redis, dirname(own.hostKey), dirname(own.log)];
  const files = [...settings, own.dir, ...folders, own.ledger, own.hostKey];
  const me = process.geteuid?.() ?? 0;
  refuse(
    [...above, ...files],
    ({ uid }) => uid !== 0 && uid !== me,
    'belongs to another user',
    `start as that user, or type chown ${me}`,
  );
  // In a sticky one (`/tmp`) only an entry's owner can replace it.
  refuse(above, ({ mode }) => (mode & 0o022) !== 0 && (mode & 0o1000) === 0, ...WRITABLE);
  refuse(files, ({ mode }) => (mode & 0o022) !== 0, ...WRITABLE);
  refuse([own.dir], ({ mode }) => (mode & 0o077) !== 0, 'can be read by others', 'type chmod go=');
}

const WRITABLE = ['can be written by others', 'type chmod go-w'] as const;

/** From its parent to the root of all. */
function foldersAbove(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...foldersAbove(parent)];
}

function refuse(files: readonly string[], isLoose: (stat: Stats) => boolean, fault: string, remedy: string): void {
  const loose = files.filter((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat !== undefined && isLoose(stat);
  });
  if (loose.length > 0) throw new OpsError(`${loose.join(', ')} ${fault}: ${remedy} ${loose.join(' ')}`);
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
