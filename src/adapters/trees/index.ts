import { chmod, lstat, mkdir, rename, rmdir } from 'node:fs/promises';
import { OpsError } from '../../errors.ts';
import type { TreeFact, Trees, TreeWish } from '../../services/host.ts';
import { syncDirectory, writeAtomically } from '../atomic-write.ts';
import { entryAt, refuseLinkedWay } from '../way.ts';
import { plantArchive } from './archive.ts';
import { plantDirectory } from './directory.ts';
import { plantCommit } from './git.ts';
import type { GitParts } from './mirror.ts';
import { leftIn, markedDigest, type Place, placeOf } from './place.ts';
import { Planting } from './planting.ts';
import { copyRelease } from './release.ts';
import { removeTree, seal } from './seal.ts';
import { syncTree } from './sync-tree.ts';

/** The trees of releases, made of commits, archives, directories and other releases. */
export function treesWith(parts: GitParts): Trees {
  return new ReleaseTrees(parts);
}

class ReleaseTrees implements Trees {
  readonly #git: GitParts;
  /** What is not whole because this daemon is at it. */
  readonly #atWork = new Set<string>();

  constructor(git: GitParts) {
    this.#git = git;
  }

  async fact(path: string): Promise<TreeFact> {
    const place = placeOf(path);
    const entry = await entryOf(path);
    if (!entry) return { exists: false };
    const digest = entry.isDirectory() ? await markedDigest(place) : '';
    return { exists: true, digest, sealed: entry.isDirectory() && (entry.mode & 0o222) === 0 };
  }

  async make(path: string, wish: TreeWish): Promise<void> {
    const place = placeOf(path);
    await makeFolder(place.folder);
    if (await entryOf(path)) throw new OpsError(`${path} is there already`);
    await this.#during(place, async () => {
      try {
        await this.#make(place, wish);
      } catch (error) {
        await discard(place);
        wish.signal.throwIfAborted();
        throw error;
      }
    });
  }

  async seal(path: string): Promise<void> {
    await refuseLinkedWay(placeOf(path).path);
    await seal(path);
    await syncTree(path);
  }

  async remove(path: string): Promise<void> {
    const place = placeOf(path);
    await refuseLinkedWay(path);
    if (await entryOf(place.folder)) await this.#during(place, () => discard(place));
    await leaveNoFolder(place.folder);
  }

  async #make(place: Place, wish: TreeWish): Promise<void> {
    await mkdir(place.making, { mode: 0o700 });
    const digest = await this.#grow(place.making, wish);
    if (wish.digest !== null && wish.digest !== digest)
      throw new OpsError(`the tree has the digest ${digest}, and not ${wish.digest} as the one that was proved`);
    await chmod(place.making, 0o755);
    await syncTree(place.making);
    wish.signal.throwIfAborted();
    await writeAtomically(place.marker, JSON.stringify({ digest }), { mode: 0o644 });
    await rename(place.making, place.path);
    await syncDirectory(place.folder);
  }

  /** Its digest. */
  async #grow(folder: string, { source, like, signal }: TreeWish): Promise<string> {
    if (source.type === 'release') return copyRelease(source.path, folder, signal);
    const planting = new Planting({ folder, like, signal });
    if (source.type === 'git') await plantCommit(source, planting, { ...this.#git, signal });
    else if (source.type === 'archive') await plantArchive(source, planting, signal);
    else await plantDirectory(source, planting);
    return planting.digest();
  }

  /** What a crash left beside it is removed before; the locks of its app keep others away. */
  async #during(place: Place, act: () => Promise<void>): Promise<void> {
    const paths = [place.making, place.marker];
    for (const path of paths) this.#atWork.add(path);
    try {
      await removeTree(place.making);
      for (const path of await leftIn(place.folder)) if (!this.#atWork.has(path)) await removeTree(path);
      await act();
    } finally {
      for (const path of paths) this.#atWork.delete(path);
    }
  }
}

/** At its path a release is whole, or it is not there. */
async function discard({ path, folder, making, marker }: Place): Promise<void> {
  await removeTree(making);
  if (await entryOf(path)) {
    await rename(path, making);
    await syncDirectory(folder);
  }
  await removeTree(marker);
  await removeTree(making);
}

/** The root is somebody else's to make. */
async function makeFolder(folder: string): Promise<void> {
  if ((await entryAt(folder)) !== null) return;
  await mkdir(folder, { mode: 0o755 });
  await chmod(folder, 0o755);
}

/** The first release made it. */
async function leaveNoFolder(folder: string): Promise<void> {
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST' && error.code !== 'ENOENT') throw error;
  });
}

const entryOf = (path: string) =>
  lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw new OpsError(`cannot look at ${path}: ${error.message}`, { cause: error });
  });
