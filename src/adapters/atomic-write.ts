import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { OwnerFact } from '../planning/facts.ts';

/**
 * Writes a file whole or not at all, and on the disk when the promise resolves: a new file beside it, then a rename.
 * A symbolic link at the end of the path is replaced, not followed.
 */
export async function writeAtomically(
  path: string,
  content: string | Uint8Array,
  { mode, owner }: { mode: number; owner?: OwnerFact },
): Promise<void> {
  const next = `${path}.${randomUUID().slice(0, 8)}.next`;
  try {
    await writeNew(next, content, mode, owner);
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function writeNew(path: string, content: string | Uint8Array, mode: number, owner?: OwnerFact): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(content);
  if (owner) await file.chown(owner.uid, owner.gid);
  // After chown, which takes setuid bits away; and the umask does not count here.
  await file.chmod(mode);
  await file.sync();
}

/** Makes a rename or removal in it durable. */
export async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}
