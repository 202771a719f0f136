import { hash } from 'node:crypto';
import { cpSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plantArchive } from '../../../src/adapters/trees/archive.ts';
import { plantDirectory } from '../../../src/adapters/trees/directory.ts';
import { type PlantedFile, Planting } from '../../../src/adapters/trees/planting.ts';
import { Ground, lay } from './ground.ts';
import { tarOf } from './tar-by-hand.ts';

/** Something happens once, when the first file is about to be written. */
class WatchedPlanting extends Planting {
  #then: (() => void) | null;

  constructor(folder: string, then: () => void) {
    super({ folder, like: null, signal: new AbortController().signal });
    this.#then = then;
  }

  override async file(file: PlantedFile, content: AsyncIterable<Uint8Array>): Promise<void> {
    this.#then?.();
    this.#then = null;
    await super.file(file, content);
  }
}

const { signal } = new AbortController();

async function begin(then: (ground: Ground) => void) {
  const ground = await Ground.make();
  const into = join(ground.folder, 'into');
  await mkdir(into);
  return { ground, into, planting: new WatchedPlanting(into, () => then(ground)) };
}

/** Large enough not to be read at once. */
const GOOD = Buffer.alloc(8 * 1024 * 1024, 'good');
const TAR = tarOf({ name: 'a', content: 'first' }, { name: 'b', content: GOOD });
const EVIL = tarOf({ name: 'a', content: 'first' }, { name: 'b', content: Buffer.alloc(GOOD.length, 'evil') });
const archive = (ground: Ground) => join(ground.sources, `${hash('sha256', TAR)}.tar`);

describe('T22: an archive', () => {
  it('whose place another one takes after it was found good: the good one is unpacked', async () => {
    const { ground, into, planting } = await begin((at) => {
      writeFileSync(join(at.folder, 'evil'), EVIL);
      renameSync(join(at.folder, 'evil'), archive(at));
    });
    await ground.archive(TAR);
    await plantArchive({ folder: ground.sources, sha256: hash('sha256', TAR) }, planting, signal);
    expect(readFileSync(join(into, 'b')).equals(GOOD)).toBe(true);
  });

  it('that is written to after it was found good is refused', async () => {
    const { ground, planting } = await begin((at) => writeFileSync(archive(at), EVIL));
    await ground.archive(TAR);
    const source = { folder: ground.sources, sha256: hash('sha256', TAR) };
    await expect(plantArchive(source, planting, signal)).rejects.toThrow(/has the digest [0-9a-f]{64}: it is not what/);
  });
});

async function directory(ground: Ground): Promise<{ folder: string; sha256: string }> {
  const files = { a: 'first', b: 'good', 'c/d': 'good' };
  const lines = Object.entries(files).map(([name, content]) => `f ${hash('sha256', content)} ${name}\0`);
  const sha256 = hash('sha256', lines.join(''));
  await lay(join(ground.sources, sha256), files);
  return { folder: ground.sources, sha256 };
}
const fileIn = (ground: Ground, name: string, sha256: string) => join(ground.sources, sha256, name);

describe('T22: a directory', () => {
  it.each<[string, (path: string) => void]>([
    ['is written to', (path) => writeFileSync(path, 'evil')],
    ['becomes a link', (path) => (rmSync(path), symlinkSync('/etc/hostname', path))],
    ['becomes a directory', (path) => (rmSync(path), cpSync(import.meta.dirname, path, { recursive: true }))],
    ['goes', (path) => rmSync(path)],
  ])('one of whose files %s while it is copied is refused', async (_, change) => {
    let sha256 = '';
    const { ground, planting } = await begin((at) => {
      change(fileIn(at, 'b', sha256));
      change(fileIn(at, 'c/d', sha256));
    });
    const source = await directory(ground);
    ({ sha256 } = source);
    await expect(plantDirectory(source, planting)).rejects.toThrow(
      /has the digest|ENOENT|ELOOP|EISDIR|is no file|another size|ENOTDIR/,
    );
  });

  it('with another digest than its name is refused, with the one that it has', async () => {
    const { ground, planting } = await begin(() => {});
    const sha256 = 'a'.repeat(64);
    await lay(join(ground.sources, sha256), { a: 'a' });
    const digest = hash('sha256', `f ${hash('sha256', 'a')} a\0`);
    await expect(plantDirectory({ folder: ground.sources, sha256 }, planting)).rejects.toThrow(
      `has the digest ${digest}`,
    );
  });
});
