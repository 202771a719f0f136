import { hash } from 'node:crypto';
import { chmod, mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TreeSource } from '../../../src/planning/release.ts';
import { type Files, Ground, lay, listing, Repository } from './ground.ts';

let umask = 0;
beforeAll(() => {
  umask = process.umask(0o077);
});
afterAll(() => {
  process.umask(umask);
});

const FILES: Files = {
  'README.md': '# an app\n',
  'bin/start': { run: '#!/bin/sh\necho started\n' },
  'src/a.js': 'export const a = 1;\r\n',
  'src/deep/er/ü.txt': 'ü',
  'src/latest': { link: 'deep/er' },
  'up/to': { link: '../README.md' },
  empty: '',
};

/** As the docstring of `treeDigest` has it. */
const digestByHand = (lines: string[]): string => hash('sha256', lines.map((line) => `${line}\0`).join(''));

const DIGEST = digestByHand([
  `f ${hash('sha256', '# an app\n')} README.md`,
  `x ${hash('sha256', '#!/bin/sh\necho started\n')} bin/start`,
  `f ${hash('sha256', '')} empty`,
  `f ${hash('sha256', 'export const a = 1;\r\n')} src/a.js`,
  `f ${hash('sha256', 'ü')} src/deep/er/ü.txt`,
  `l ${hash('sha256', 'deep/er')} src/latest`,
  `l ${hash('sha256', '../README.md')} up/to`,
]);

async function sourceOf(kind: string, ground: Ground): Promise<TreeSource> {
  if (kind === 'git') {
    const repository = await Repository.make(join(ground.folder, 'repository'));
    const commit = await repository.commit(FILES);
    return { type: 'git', remote: repository.remote, commit };
  }
  const laid = join(ground.folder, 'laid');
  await lay(laid, FILES);
  if (kind === 'directory') {
    await rename(laid, join(ground.sources, DIGEST));
    return { type: 'directory', folder: ground.sources, sha256: DIGEST };
  }
  const zip = kind === '.tar' ? [] : ['--gzip'];
  const { stdout } = await execa('tar', ['--create', ...zip, '--directory', laid, '.'], { encoding: 'buffer' });
  return ground.archive(Buffer.from(stdout), kind);
}

const MADE = {
  'README.md': `file 644 ${hash('sha256', '# an app\n')}`,
  bin: 'directory 755',
  'bin/start': `file 755 ${hash('sha256', '#!/bin/sh\necho started\n')}`,
  empty: `file 644 ${hash('sha256', '')}`,
  src: 'directory 755',
  'src/a.js': `file 644 ${hash('sha256', 'export const a = 1;\r\n')}`,
  'src/deep': 'directory 755',
  'src/deep/er': 'directory 755',
  'src/deep/er/ü.txt': `file 644 ${hash('sha256', 'ü')}`,
  'src/latest': 'link deep/er',
  up: 'directory 755',
  'up/to': 'link ../README.md',
};

describe.each(['git', 'directory', '.tar', '.tar.gz', '.tgz'])('a tree of %s', (kind) => {
  it('is at its path as it is in the source, with the digest that every source gives', async () => {
    const ground = await Ground.make();
    const path = await ground.make(await sourceOf(kind, ground));
    expect(await listing(path)).toEqual(MADE);
    expect(await ground.trees.fact(path)).toEqual({ exists: true, digest: DIGEST, sealed: false });
    expect(Object.keys(await listing(join(ground.root, 'releases'))).filter((name) => name.includes('making'))).toEqual(
      [],
    );
  });

  it('is not made where it has another digest than the one that was proved', async () => {
    const ground = await Ground.make();
    const source = await sourceOf(kind, ground);
    const path = ground.nextPath();
    await expect(ground.make(source, { digest: 'f'.repeat(64) }, path)).rejects.toThrow(
      /has the digest [0-9a-f]{64}, and not ffff/,
    );
    expect(await ground.trees.fact(path)).toEqual({ exists: false });
    expect(await listing(ground.root)).toEqual({ releases: 'directory 755' });
  });

  it('shares what is the same with a sealed release', async () => {
    const ground = await Ground.make();
    const source = await sourceOf(kind, ground);
    const like = await ground.make(source);
    await ground.trees.seal(like);
    const path = await ground.make(source, { like });
    await ground.trees.seal(path);
    expect(await listing(path)).toEqual(await listing(like));
    expect(await ground.digestAt(path)).toBe(DIGEST);
    expect((await stat(join(path, 'src/a.js'))).ino).toBe((await stat(join(like, 'src/a.js'))).ino);
    // What the other one loses, this one keeps.
    await ground.trees.remove(like);
    expect(await listing(path)).toMatchObject({ 'src/a.js': MADE['src/a.js'].replace('644', '444') });
  });

  it('takes nothing from a release whose file was changed, or is not sealed', async () => {
    const ground = await Ground.make();
    const source = await sourceOf(kind, ground);
    const like = await ground.make(source);
    await ground.trees.seal(like);
    await chmod(join(like, 'src/a.js'), 0o644);
    await writeFile(join(like, 'src/a.js'), 'export const a = 2;\r\n');
    await chmod(join(like, 'src/a.js'), 0o444);
    await chmod(join(like, 'bin/start'), 0o755);
    const path = await ground.make(source, { like });
    expect(await listing(path)).toEqual({
      ...MADE,
      'README.md': MADE['README.md'].replace('644', '444'),
      empty: MADE.empty.replace('644', '444'),
      'src/deep/er/ü.txt': MADE['src/deep/er/ü.txt'].replace('644', '444'),
    });
    expect(await ground.digestAt(path)).toBe(DIGEST);
  });
});

describe('a sealed tree', () => {
  it('gives nobody the right to write, and keeps its links', async () => {
    const ground = await Ground.make();
    const path = await ground.make(await sourceOf('directory', ground));
    await ground.trees.seal(path);
    expect(await ground.trees.fact(path)).toEqual({ exists: true, digest: DIGEST, sealed: true });
    const sealed = Object.entries(MADE).map(([name, value]) => [
      name,
      value.replace(/\b([67])([45])\2\b/, (_, _own, rest) => rest.repeat(3)),
    ]);
    expect(await listing(path)).toEqual(Object.fromEntries(sealed));
  });

  it('is sealed where something led out of it: that is not touched', async () => {
    const ground = await Ground.make();
    const path = await ground.make(await sourceOf('directory', ground));
    const outside = join(ground.folder, 'outside');
    await lay(outside, { secret: 'a' });
    await lay(path, { data: { link: outside }, file: { link: join(outside, 'secret') } });
    const before = await listing(outside);
    await ground.trees.seal(path);
    await ground.trees.remove(path);
    expect(await listing(outside)).toEqual(before);
    expect(await listing(ground.root)).toEqual({});
  });

  it('is taken to another environment as it was built, without the links to what is shared there', async () => {
    const ground = await Ground.make();
    const staged = await ground.make(await sourceOf('git', ground));
    await lay(staged, {
      'dist/app.js': 'built',
      'dist/tool': { run: 'built' },
      '.env': { link: join(ground.root, 'shared/.env') },
      tool: { link: '/usr/bin/env' },
    });
    await ground.trees.seal(staged);
    const production = join(ground.folder, 'production');
    await mkdir(production);
    const path = await ground.make({ type: 'release', path: staged }, { digest: DIGEST }, ground.nextPath(production));
    await ground.trees.seal(path);
    const { '.env': _, ...rest } = await listing(staged);
    expect(await listing(path)).toEqual(rest);
    expect(await ground.digestAt(path)).toBe(DIGEST);
    await ground.trees.remove(staged);
    expect(await readFile(join(path, 'dist/app.js'), 'utf8')).toBe('built');
  });

  it('is not taken before it is sealed', async () => {
    const ground = await Ground.make();
    const staged = await ground.make(await sourceOf('git', ground));
    await expect(ground.make({ type: 'release', path: staged })).rejects.toThrow(
      /no whole and sealed release at .*: deploy it there again/,
    );
  });
});

describe('removing', () => {
  it('is fine where nothing is, and twice', async () => {
    const ground = await Ground.make();
    const path = ground.nextPath();
    await ground.trees.remove(path);
    await ground.make(await sourceOf('directory', ground), {}, path);
    await ground.trees.seal(path);
    await ground.trees.remove(path);
    await ground.trees.remove(path);
    expect(await listing(ground.root)).toEqual({});
  });

  it.each([
    'releases',
    'releases/..',
    'releases/20261123T194001Z-4f9c12ab/src',
    'shared/a',
    'current',
    'releases/a',
    'releases/../../20261123T194001Z-4f9c12ab',
  ])('refuses %s, which is no path of a release', async (name) => {
    const ground = await Ground.make();
    const before = await listing(ground.folder);
    for (const verb of ['remove', 'seal', 'fact'] as const)
      await expect(ground.trees[verb](`${ground.root}/${name}`)).rejects.toThrow(/is no path of a release/);
    expect(await listing(ground.folder)).toEqual(before);
  });

  it('does not go through a link that somebody put above', async () => {
    const ground = await Ground.make();
    const source = await sourceOf('directory', ground);
    const path = await ground.make(source);
    await symlink(ground.root, join(ground.folder, 'linked'));
    const linked = path.replace(ground.root, join(ground.folder, 'linked'));
    await expect(ground.trees.remove(linked)).rejects.toThrow(/is a symbolic link/);
    await expect(ground.make(source, {}, `${linked.slice(0, -1)}0`)).rejects.toThrow(/is a symbolic link/);
    expect(await ground.digestAt(path)).toBe(DIGEST);
  });
});
