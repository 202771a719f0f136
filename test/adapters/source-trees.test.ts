import { chmod, link, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { sourceTrees } from '../../src/adapters/source-trees.ts';
import { temporaryFolder } from '../services/support.ts';

async function tree() {
  const root = temporaryFolder();
  await mkdir(join(root, 'lib'));
  await writeFile(join(root, 'lib/a.js'), 'one');
  await utimes(join(root, 'lib/a.js'), new Date(0), new Date(0));
  await writeFile(join(root, 'main.js'), 'two');
  await symlink('main.js', join(root, 'link'));
  const digest = async () => (await sourceTrees([root], systemClock).look())[0]?.digest;
  return { root, digest };
}

const CHANGES: [string, (root: string) => Promise<unknown>][] = [
  ['content', (root) => writeFile(join(root, 'lib/a.js'), 'two')],
  [
    'content, with its old times',
    async (root) => {
      await writeFile(join(root, 'lib/a.js'), 'two');
      await utimes(join(root, 'lib/a.js'), new Date(0), new Date(0));
    },
  ],
  ['a mode', (root) => chmod(join(root, 'lib/a.js'), 0o755)],
  ['a new file', (root) => writeFile(join(root, 'lib/b.js'), '')],
  ['a file less', (root) => rm(join(root, 'lib/a.js'))],
  ['another name', (root) => rename(join(root, 'lib'), join(root, 'library'))],
  ['a second name elsewhere', (root) => link(join(root, 'main.js'), `${root}.second`)],
];

describe('the digest of a source tree', () => {
  it('stays the same while nobody touches it', async () => {
    const { digest } = await tree();
    const before = await digest();
    expect(before).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await digest()).toBe(before);
  });

  it.each(CHANGES)('tells %s', async (_, change) => {
    const { root, digest } = await tree();
    const before = await digest();
    await change(root);
    expect(await digest()).not.toBe(before);
  });

  it('of one that is gone is another one, and no error', async () => {
    const { root, digest } = await tree();
    const before = await digest();
    await rm(root, { recursive: true });
    expect(await digest()).not.toBe(before);
    await mkdir(root);
  });

  it('is none where it takes too long', async () => {
    const { root } = await tree();
    expect(await sourceTrees([root], systemClock, 0).look()).toEqual([{ path: root, digest: null }]);
  });
});
