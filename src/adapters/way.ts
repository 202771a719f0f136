import type { Stats } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OpsError } from '../errors.ts';

/**
 * What is at the path, by itself; null where nothing is.
 * @throws OpsError where its folder does not exist, or a link above it is another user's, who could lead it anywhere.
 */
export async function entryAt(path: string): Promise<Stats | null> {
  for (const above of foldersAbove(path)) refuseForeignLink(above, await look(above, lstat));
  const folder = await look(dirname(path), stat);
  if (!folder?.isDirectory()) throw new OpsError(`the directory ${dirname(path)} does not exist: make it first`);
  return look(path, lstat);
}

function refuseForeignLink(path: string, entry: Stats | null): void {
  if (!entry?.isSymbolicLink() || entry.uid === 0 || entry.uid === process.geteuid?.()) return;
  throw new OpsError(
    `${path} is a symbolic link of another user, who could lead it anywhere: name the path it leads to`,
  );
}

/** Whether it could be made: false where something is there already. */
export function madeNew(making: Promise<unknown>): Promise<boolean> {
  return making.then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
}

/** From the top. */
function foldersAbove(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...foldersAbove(parent), parent];
}

function look(path: string, by: (path: string) => Promise<Stats>): Promise<Stats | null> {
  return by(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new OpsError(`cannot look at ${path}: ${error.message}`, { cause: error });
  });
}
