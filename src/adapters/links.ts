import { randomUUID } from 'node:crypto';
import { readlink, rename, rm, stat, symlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OpsError } from '../errors.ts';
import type { Links } from '../services/host.ts';
import { syncDirectory } from './atomic-write.ts';
import { entryAt, madeNew } from './way.ts';

export const links: Links = {
  fact: async (path) => {
    const entry = await entryAt(path);
    if (!entry) return { target: null };
    if (!entry.isSymbolicLink()) throw new OpsError(`${path} is no symbolic link`);
    return { target: await targetOf(path) };
  },
  make: async (path, target) => {
    if (!(await madeNew(symlink(target, path)))) return false;
    await syncDirectory(dirname(path));
    return true;
  },
  swap: async (path, target) => {
    // Not its name with something added: that could be too long.
    const next = join(dirname(path), `.${randomUUID().slice(0, 8)}.next`);
    try {
      await symlink(target, next);
      await rename(next, path);
    } catch (error) {
      await rm(next, { force: true });
      throw error;
    }
    await syncDirectory(dirname(path));
  },
  remove: async (path) => {
    await unlink(path);
    await syncDirectory(dirname(path));
  },
  leads: (path) =>
    stat(path).then(
      () => true,
      () => false,
    ),
};

async function targetOf(path: string): Promise<string> {
  const bytes = await readlink(path, { encoding: 'buffer' });
  const text = bytes.toString();
  // Its undo would lead elsewhere.
  if (!Buffer.from(text).equals(bytes)) throw new OpsError(`${path} leads to a name that is no UTF-8`);
  return text;
}
