import { chmodSync, closeSync, constants, fchmodSync, fstatSync, lstatSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Pace } from './pace.ts';
import { sealedMode } from './sealed-file.ts';
import { walk } from './walk.ts';

/** Takes all rights to write from its files and directories, those of what is above last: then all of it is sealed. */
export async function seal(root: string): Promise<void> {
  const pace = new Pace();
  for (const { path, entry } of [...walk(root)].toReversed()) {
    await pace.after(1, 0);
    if (entry.isFile() || entry.isDirectory()) sealOne(join(root, path));
  }
  sealOne(root);
}

/** By a handle, and not where it has them: other releases may share the file. */
function sealOne(path: string): void {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    const mode = sealedMode(stat.isDirectory() || (stat.mode & 0o100) !== 0);
    if ((stat.mode & 0o7777) !== mode) fchmodSync(file, mode);
  } finally {
    closeSync(file);
  }
}

/** Whatever is there, if anything; what links lead to stays. Files keep their rights: other releases may share them. */
export async function removeTree(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) await unlock(path);
  await rm(path, { recursive: true, force: true });
}

async function unlock(root: string): Promise<void> {
  const pace = new Pace();
  chmodSync(root, 0o700);
  for (const { path, entry } of walk(root)) {
    await pace.after(1, 0);
    if (entry.isDirectory()) chmodSync(join(root, path), 0o700);
  }
}
