import { lstatSync, readlinkSync } from 'node:fs';
import { chmod, constants, copyFile, link, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OpsError } from '../../errors.ts';
import { Pace } from './pace.ts';
import { markedDigest, placeOf } from './place.ts';
import { sealedMode } from './sealed-file.ts';
import { type Found, walk } from './walk.ts';

/**
 * Has another environment's release as it was built there, but for the links to what that environment shares among its
 * releases. The files are the same ones where the system allows it: nobody writes to a sealed one. Its digest.
 * @throws OpsError where it is not whole and sealed.
 */
export async function copyRelease(from: string, to: string, signal: AbortSignal): Promise<string> {
  const place = placeOf(from);
  const digest = await markedDigest(place);
  const entry = lstatSync(from, { throwIfNoEntry: false });
  if (digest === '' || !entry?.isDirectory() || (entry.mode & 0o222) !== 0)
    throw new OpsError(`there is no whole and sealed release at ${from}: deploy it there again`);
  const shared = `${dirname(place.folder)}/shared/`;
  const pace = new Pace(signal);
  for (const found of walk(from)) {
    await copyOne(from, to, found, shared);
    await pace.after(1, 0);
  }
  return digest;
}

async function copyOne(from: string, to: string, { path, entry }: Found, shared: string): Promise<void> {
  const [old, fresh] = [join(from, path), join(to, path)];
  if (entry.isDirectory()) return makeDirectory(fresh);
  if (entry.isFile()) return copyFileOf(old, fresh, lstatSync(old).mode);
  if (!entry.isSymbolicLink()) throw new OpsError(`${old} is no file, directory or link`);
  const target = readlinkSync(old);
  if (!target.startsWith(shared)) await symlink(target, fresh);
}

/** What somebody gave other rights is not shared: sealing the copy would change them. */
async function copyFileOf(old: string, fresh: string, mode: number): Promise<void> {
  const copy = () => copyFile(old, fresh, constants.COPYFILE_FICLONE);
  return (mode & 0o7777) === sealedMode((mode & 0o100) !== 0) ? link(old, fresh).catch(copy) : copy();
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  // The umask does not count here.
  await chmod(path, 0o755);
}
