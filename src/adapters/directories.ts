import { constants } from 'node:fs';
import { mkdir, open, readdir, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OpsError } from '../errors.ts';
import type { Directories, PresentDirectory } from '../services/host.ts';
import { syncDirectory } from './atomic-write.ts';
import { entryAt, madeNew } from './way.ts';

export const directories: Directories = {
  fact: async (path) => {
    const entry = await entryAt(path);
    if (!entry) return { exists: false };
    if (!entry.isDirectory()) throw new OpsError(`${path} is no directory`);
    const { mode, uid, gid } = entry;
    return { exists: true, mode: (mode & 0o7777).toString(8).padStart(4, '0'), uid, gid };
  },
  make: async (path, wanted) => {
    if (!(await madeNew(mkdir(path, { mode: 0o700 })))) return false;
    await setTo(path, wanted);
    await syncDirectory(dirname(path));
    return true;
  },
  change: setTo,
  remove: async (path) => {
    try {
      await rmdir(path);
    } catch (error) {
      const standing = await readdir(path).catch(() => []);
      if (standing.length > 0) return standing;
      throw error;
    }
    await syncDirectory(dirname(path));
    return [];
  },
};

/** By a handle: who can write above the path could put a link in its place. */
async function setTo(path: string, { mode, uid, gid }: PresentDirectory): Promise<void> {
  await using directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  await directory.chown(uid, gid);
  // After chown, which takes setgid bits away; and the umask does not count here.
  await directory.chmod(Number.parseInt(mode, 8));
  await directory.sync();
}
