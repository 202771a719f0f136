import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, lstat, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OpsError } from '../errors.ts';
import type { FileFact } from '../planning/facts.ts';
import type { Files } from '../services/host.ts';
import { syncDirectory, writeAtomically } from './atomic-write.ts';
import { refuseLinkedWay } from './way.ts';

/** More than any file that a task should write or look at: one that somebody made endless must not hold up the daemon. */
const LARGEST_BYTES = 256 * 1024 * 1024;

export const files: Files = {
  fact: factOf,
  read: async (path) => {
    await using file = await openRegular(path);
    return await file.readFile();
  },
  write: async (path, content, mode, owner) => {
    await refuseLinkedWay(path);
    await writeAtomically(path, content, { mode: Number.parseInt(mode, 8), owner });
  },
  remove: async (path) => {
    await refuseLinkedWay(path);
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
  // A device may do something when it is opened.
  if (!stat.isFile()) throw notRegular(path);
  await using file = await openRegular(path);
  const { mode, uid, gid } = await file.stat();
  const sha256 = createHash('sha256');
  await pipeline(file.createReadStream({ autoClose: false }), sha256);
  return { exists: true, sha256: sha256.digest('hex'), mode: (mode & 0o7777).toString(8).padStart(4, '0'), uid, gid };
}

/** Whatever somebody puts there meanwhile: no link is followed, and nobody waits for a pipe. */
async function openRegular(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const stat = await file.stat();
  if (stat.isFile() && stat.size <= LARGEST_BYTES) return file;
  await file.close();
  throw stat.isFile() ? new OpsError(`${path} is larger than 256 MiB`) : notRegular(path);
}

const notRegular = (path: string): OpsError => new OpsError(`${path} is no regular file`);

async function parentMustExist(path: string): Promise<void> {
  const parent = await lstat(dirname(path)).catch(() => null);
  if (!parent) throw new OpsError(`the directory ${dirname(path)} does not exist: make it first`);
}
