import { createHash, type Hash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { coerceError } from '../errors.ts';
import type { Clock } from '../services/ports.ts';
import type { SourceTrees } from '../services/source-trees.ts';

/** How long it looks at one root: a task waits for it twice. */
const LIMIT_MS = 5_000;

/** Looks at the roots that `protect` names. Their files are not read: what is written changes a time that nobody can set. */
export function sourceTrees(roots: readonly string[], clock: Clock, limitMs = LIMIT_MS): SourceTrees {
  return {
    look: () => Promise.all(roots.map(async (path) => ({ path, digest: await digestOf(path, clock, limitMs) }))),
  };
}

/** Null where it takes too long. */
async function digestOf(root: string, clock: Clock, limitMs: number): Promise<string | null> {
  const hash = createHash('sha256');
  const until = clock.monotonic() + limitMs;
  const whole = await addTree(hash, root, () => clock.monotonic() < until);
  return whole ? `sha256:${hash.digest('hex')}` : null;
}

/** False where it was given up. */
async function addTree(hash: Hash, path: string, mayGoOn: () => boolean): Promise<boolean> {
  const names = await addEntry(hash, path);
  for (const name of names) {
    if (!mayGoOn() || !(await addTree(hash, join(path, name), mayGoOn))) return false;
  }
  return true;
}

/** Adds what is known of it without reading it; the names that lie in it. */
async function addEntry(hash: Hash, path: string): Promise<string[]> {
  try {
    const { mode, uid, gid, size, mtimeNs, ctimeNs } = await lstat(path, { bigint: true });
    hash.update(JSON.stringify([path, ...[mode, uid, gid, size, mtimeNs, ctimeNs].map(String)]));
    const isFolder = (Number(mode) & 0o170000) === 0o040000;
    return isFolder ? (await readdir(path)).toSorted() : [];
  } catch (error) {
    hash.update(JSON.stringify([path, coerceError(error).message]));
    return [];
  }
}
