import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { create } from 'tar';
import { digestOfFile } from './node.ts';
import { copyProgram, refuseUnbuilt } from './program.ts';

/**
 * Packs this version, with the packages that it needs and the Node that is to run it; the same for the same build. Returns its sha256, by which it lies in `folder`.
 * @throws OpsError where the package is not complete.
 */
export async function makeArtifact(folder: string, node: string): Promise<string> {
  refuseUnbuilt();
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, '.making-'));
  try {
    const tree = join(work, 'tree');
    await copyProgram(tree);
    await copyFile(node, join(tree, 'node'));
    await chmod(join(tree, 'node'), 0o755);
    const packed = join(work, 'packed.tar.gz');
    await pack(tree, packed);
    const sha256 = await digestOfFile(packed);
    await rename(packed, join(folder, `${sha256}.tar.gz`));
    return sha256;
  } finally {
    await rm(work, { recursive: true });
  }
}

/** Neither owners nor times nor the order of a folder get into it. */
async function pack(tree: string, file: string): Promise<void> {
  const entries = await readdir(tree, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const names = paths.map((path) => path.slice(tree.length + 1)).toSorted((a, b) => (a < b ? -1 : 1));
  await create({ file, cwd: tree, gzip: true, portable: true, mtime: new Date(0), noDirRecurse: true }, names);
}
