import type { Stats } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OpsError } from '../errors.ts';

/**
 * Policy, locks and the sandbox judge a path as it is written, so the way to what is changed leads through no link. The
 * system's own first ones (`/var` on a Mac) are as good as folders: nobody but root makes one.
 * @throws OpsError naming the link.
 */
export async function refuseLinkedWay(path: string): Promise<void> {
  for (const above of foldersAbove(path)) refuseLink(above, await look(above, lstat));
}

/**
 * What is at the path, by itself; null where nothing is.
 * @throws OpsError where its folder does not exist, or a link stands above it.
 */
export async function entryAt(path: string): Promise<Stats | null> {
  await refuseLinkedWay(path);
  const folder = await look(dirname(path), stat);
  if (!folder?.isDirectory()) throw new OpsError(`the directory ${dirname(path)} does not exist: make it first`);
  return look(path, lstat);
}

function refuseLink(path: string, entry: Stats | null): void {
  if (!entry?.isSymbolicLink() || (dirname(path) === '/' && entry.uid === 0)) return;
  throw new OpsError(`${path} is a symbolic link, which may lead anywhere: name the path it leads to`);
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
export function foldersAbove(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...foldersAbove(parent), parent];
}

function look(path: string, by: (path: string) => Promise<Stats>): Promise<Stats | null> {
  return by(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new OpsError(`cannot look at ${path}: ${error.message}`, { cause: error });
  });
}
