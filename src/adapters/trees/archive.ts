import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { OpsError } from '../../errors.ts';
import { refuseLinkedWay } from '../way.ts';
import type { Planting } from './planting.ts';
import { plantTar } from './tar.ts';

const ENDINGS = ['.tar', '.tar.gz', '.tgz'];
/** What unpacks to more than so many times its size is a bomb, once that is more than some. */
const RATIO = 100;
const FREE_BYTES = 64 * 1024 * 1024;
/** With what tar puts around the files. */
const MOST_BYTES = 5 * 1024 ** 3;

interface Archive {
  path: string;
  file: FileHandle;
  sha256: string;
}

/**
 * Unpacks an archive that is named by its digest: nothing of it before all of it was found to have that.
 * @throws OpsError where it is not there, or has another digest, also when it is read again to be unpacked.
 */
export async function plantArchive(
  source: { folder: string; sha256: string },
  planting: Planting,
  signal: AbortSignal,
): Promise<void> {
  const archive = await openArchive(source);
  await using file = archive.file;
  await pipeline(checked(archive), drained, { signal });
  let isWhole = false;
  const again = async function* () {
    yield* checked(archive);
    isWhole = true;
  };
  const plant = (bytes: AsyncIterable<Buffer>) => plantTar(bytes, planting);
  if (archive.path.endsWith('.tar')) await pipeline(again, plant, { signal });
  else await pipeline(again, createGunzip(), bounded((await file.stat()).size), plant, { signal });
  if (!isWhole) throw new OpsError(`${archive.path} has something after its end`);
}

async function openArchive({ folder, sha256 }: { folder: string; sha256: string }): Promise<Archive> {
  await refuseLinkedWay(join(folder, sha256));
  for (const ending of ENDINGS) {
    const path = join(folder, `${sha256}${ending}`);
    const file = await openFile(path);
    if (file) return { path, file, sha256 };
  }
  throw new OpsError(
    `there is no ${join(folder, sha256)}${ENDINGS.join(', ')}: put the archive there under its sha256`,
  );
}

/** Null where there is none. */
async function openFile(path: string): Promise<FileHandle | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new OpsError(`cannot open ${path}: ${error.message}`, { cause: error });
  });
  if (!file || (await file.stat()).isFile()) return file;
  await file.close();
  throw new OpsError(`${path} is no regular file`);
}

/** Its bytes from the first on. @throws OpsError after the last, where they are not those that its name says. */
async function* checked({ file, path, sha256 }: Archive): AsyncGenerator<Buffer> {
  const sum = createHash('sha256');
  for await (const piece of file.createReadStream({ start: 0, autoClose: false })) {
    sum.update(piece);
    yield piece;
  }
  const found = sum.digest('hex');
  if (found !== sha256) throw new OpsError(`${path} has the digest ${found}: it is not what its name says`);
}

async function drained(bytes: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of bytes);
}

const bounded = (packedBytes: number) =>
  async function* (bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const most = Math.min(Math.max(FREE_BYTES, RATIO * packedBytes), MOST_BYTES);
    let count = 0;
    for await (const piece of bytes) {
      count += piece.length;
      if (count > most) throw new OpsError(`it unpacks to more than ${most} bytes, which no code does`);
      yield piece;
    }
  };
