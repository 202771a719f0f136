import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { OpsError } from '../../errors.ts';
import { refuseLinkedWay } from '../way.ts';
import { shown } from './names.ts';
import type { Planting } from './planting.ts';
import { type Found, walk } from './walk.ts';

const PIECE_BYTES = 1024 * 1024;

/**
 * Copies a directory that is named by its digest. What is copied is what counts, whatever becomes of it meanwhile.
 * @throws OpsError where it is not there, or has another digest.
 */
export async function plantDirectory(
  { folder, sha256 }: { folder: string; sha256: string },
  planting: Planting,
): Promise<void> {
  const root = join(folder, sha256);
  await refuseLinkedWay(join(root, 'any'));
  if (!lstatSync(root, { throwIfNoEntry: false })?.isDirectory()) throw new OpsError(`there is no directory ${root}`);
  for (const found of walk(root)) await plantOne(root, found, planting);
  const digest = planting.digest();
  if (digest !== sha256)
    throw new OpsError(`${root} has the digest ${digest}: what is in it is not what its name says`);
}

async function plantOne(root: string, { path, entry }: Found, planting: Planting): Promise<void> {
  const from = join(root, path);
  if (entry.isDirectory()) return planting.directory(path);
  if (entry.isSymbolicLink()) return planting.link(path, readlinkSync(from));
  if (!entry.isFile()) throw new OpsError(`${shown(path)} is no file, directory or link`);
  const file = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { mode, size } = fstatSync(file);
    if ((mode & 0o7000) !== 0) throw new OpsError(`${shown(path)} has a setuid, setgid or sticky bit`);
    await planting.file({ path, executable: (mode & 0o100) !== 0, size }, piecesOf(file));
  } finally {
    closeSync(file);
  }
}

async function* piecesOf(file: number): AsyncGenerator<Buffer> {
  for (;;) {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    const length = readSync(file, piece);
    if (length === 0) return;
    yield piece.subarray(0, length);
  }
}
