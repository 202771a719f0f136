import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, lstat, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OpsError } from '../errors.ts';
import type { FileFact } from '../planning/facts.ts';
import type { Files } from '../services/ports.ts';
import { syncDirectory, writeAtomically } from './atomic-write.ts';

export const files: Files = {
  fact: factOf,
  read: (path) => readFile(path),
  write: (path, content, mode, owner) => writeAtomically(path, content, { mode: Number.parseInt(mode, 8), owner }),
  remove: async (path) => {
    await rm(path, { force: true });
    await syncDirectory(dirname(path));
  },
  exists: (path) =>
    access(path, constants.F_OK).then(
      () => true,
      () => false,
    ),
};

async function factOf(path: string): Promise<FileFact> {
  const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new OpsError(`cannot look at ${path}: ${error.message}`, { cause: error });
  });
  if (!stat) {
    await parentMustExist(path);
    return { exists: false };
  }
  if (!stat.isFile()) throw new OpsError(`${path} is no regular file`);
  const sha256 = hash('sha256', await readFile(path));
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, '0');
  return { exists: true, sha256, mode, uid: stat.uid, gid: stat.gid };
}

async function parentMustExist(path: string): Promise<void> {
  const parent = await lstat(dirname(path)).catch(() => null);
  if (!parent) throw new OpsError(`the directory ${dirname(path)} does not exist: make it first`);
}
