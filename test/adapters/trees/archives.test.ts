import { execFileSync } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { TreeSource } from '../../../src/planning/release.ts';
import { Ground, lay, listing } from './ground.ts';
import { pax, type TarEntry, tarOf } from './tar-by-hand.ts';

/** What is said, and what has changed anywhere but for an empty folder of releases. */
async function outcomeOf(ground: Ground, source: TreeSource) {
  const path = ground.nextPath();
  await lay(ground.folder, { 'outside/secret': 'a', 'app/shared/data': 'b', 'app/releases/.keep': '' });
  const before = await listing(ground.folder);
  const said = await ground.make(source, {}, path).catch(String);
  return {
    said,
    changed: !isDeepStrictEqual(await listing(ground.folder), before),
    fact: await ground.trees.fact(path),
  };
}

const refused = (why: RegExp) => ({ said: expect.stringMatching(why), changed: false, fact: { exists: false } });

const ATTACKS: Record<string, { entries: TarEntry[]; why: RegExp }> = {
  'a file above the tree': {
    entries: [{ name: '../outside/secret', content: 'x' }],
    why: /"\.\.\/outside\/secret" leads out/,
  },
  'a file above the tree, further in': {
    entries: [{ name: 'a/../../b', content: 'x' }],
    why: /"a\/\.\.\/\.\.\/b" leads out/,
  },
  'a file at an absolute path': {
    entries: [{ name: '/etc/ops', content: 'x' }],
    why: /"\/etc\/ops" is an absolute path/,
  },
  'an absolute path told by pax': {
    entries: [pax('path', '/etc/ops'), { name: 'harmless', content: 'x' }],
    why: /"\/etc\/ops" is an absolute path/,
  },
  'a link out, and a file through it': {
    entries: [
      { name: 'a', type: '2', link: '../../../outside' },
      { name: 'a/secret', content: 'x' },
    ],
    why: /"a" is a link to "\.\.\/\.\.\/\.\.\/outside", which may lead out/,
  },
  'a link to an absolute path': { entries: [{ name: 'a', type: '2', link: '/etc' }], why: /"a" is a link to "\/etc"/ },
  'a link that leads out by another one': {
    entries: [
      { name: 'a/b/up', type: '2', link: '..' },
      { name: 'evil', type: '2', link: 'a/b/up/../..' },
    ],
    why: /"evil" is a link to "a\/b\/up\/\.\.\/\.\."/,
  },
  'a file through a link inside': {
    entries: [
      { name: 'a', type: '2', link: 'b' },
      { name: 'b/c', content: 'x' },
      { name: 'a/d', content: 'y' },
    ],
    why: /"a\/d" and "a" cannot both be in it/,
  },
  'a hard link': { entries: [{ name: 'a', type: '1', link: '/etc/passwd' }], why: /"a" is Link, not a file/ },
  'a device': { entries: [{ name: 'a', type: '3' }], why: /"a" is CharacterDevice/ },
  'a pipe': { entries: [{ name: 'a', type: '6' }], why: /"a" is FIFO/ },
  'a sparse file, which the library does not know': {
    entries: [{ name: 'a', type: 'S' }],
    why: /"a" is SparseFile, not a file/,
  },
  'two names that a Mac takes for one, by case': {
    entries: [
      { name: 'Straße/A', content: 'x' },
      { name: 'STRASSE/a', type: '2', link: '..' },
    ],
    why: /"STRASSE\/a" and "Straße" cannot both be in it/,
  },
  'two names that a Mac takes for one, by accents': {
    entries: [
      { name: 'caf\u00e9', content: 'x' },
      { name: 'cafe\u0301', content: 'y' },
    ],
    why: /cannot both be in it/,
  },
  'a file twice': {
    entries: [
      { name: 'a', content: 'x' },
      { name: 'a', content: 'y' },
    ],
    why: /"a" is in it twice/,
  },
  'a backslash': { entries: [{ name: String.raw`..\a`, content: 'x' }], why: /has a backslash/ },
  'a NUL': { entries: [pax('path', 'a\0b'), { name: 'a', content: 'x' }], why: /has a control character/ },
  'a line break': { entries: [{ name: 'a\nb', content: 'x' }], why: /control character/ },
  'a name that is no UTF-8': { entries: [{ name: Buffer.from([0x61, 0xff]), content: 'x' }], why: /no UTF-8/ },
  'a name that is too long': {
    entries: [pax('path', 'a'.repeat(300)), { name: 'a', content: 'x' }],
    why: /longer than 255 bytes/,
  },
  'a path that is too long': {
    entries: [pax('path', `${'a/'.repeat(500)}b`), { name: 'a', content: 'x' }],
    why: /longer than 900 bytes/,
  },
  'a setuid bit': {
    entries: [{ name: 'a', content: 'x', mode: 0o4755 }],
    why: /"a" has a setuid, setgid or sticky bit/,
  },
  'a size that nothing has': { entries: [{ name: 'a', size: 8 * 1024 ** 3 - 1 }], why: /more than 4 GiB/ },
  'less than it says': { entries: [{ name: 'a', content: 'x', size: 100_000 }], why: /broken|another size/ },
};

describe.each(Object.entries(ATTACKS))('an archive with %s', (_, { entries, why }) => {
  it.each(['.tar', '.tgz'])('T21: is refused as %s, and nothing is written outside', async (ending) => {
    const ground = await Ground.make();
    const content = tarOf({ name: 'before', content: 'a' }, ...entries);
    expect(
      await outcomeOf(ground, await ground.archive(ending === '.tar' ? content : gzipSync(content), ending)),
    ).toEqual(refused(why));
  });
});

describe('T21: an archive', () => {
  it('that unpacks to a thousand times its size is refused before it fills the disk', async () => {
    const ground = await Ground.make();
    const bomb = gzipSync(tarOf({ name: 'a', content: Buffer.alloc(100 * 1024 * 1024) }));
    expect(await outcomeOf(ground, await ground.archive(bomb, '.tgz'))).toEqual(
      refused(/unpacks to more than 67108864 bytes/),
    );
  });

  it('of more entries than code has is refused', async () => {
    const ground = await Ground.make();
    const many = Array.from({ length: 100_001 }, () => ({ name: 'a/', type: '5', mode: 0o755 }));
    expect(await outcomeOf(ground, await ground.archive(tarOf(...many)))).toEqual(refused(/more than 100000 entries/));
  });

  it('that is packed twice is refused', async () => {
    const ground = await Ground.make();
    const twice = gzipSync(gzipSync(tarOf({ name: 'a', content: 'a' })));
    expect(await outcomeOf(ground, await ground.archive(twice, '.tgz'))).toEqual(refused(/the archive is broken/));
  });

  it('with something after its end is refused', async () => {
    const ground = await Ground.make();
    const content = Buffer.concat([gzipSync(tarOf({ name: 'a', content: 'a' })), Buffer.alloc(1024 * 1024, 'x')]);
    expect(await outcomeOf(ground, await ground.archive(content, '.tgz'))).toEqual(
      refused(/after its end|broken|incorrect/),
    );
  });

  it.each(['', 'this is no archive', 'x'.repeat(5_000)])('that is none is refused', async (content) => {
    const ground = await Ground.make();
    expect(await outcomeOf(ground, await ground.archive(Buffer.from(content)))).toEqual(
      refused(/the archive is broken/),
    );
  });

  it('that was cut is refused', async () => {
    const ground = await Ground.make();
    const whole = gzipSync(tarOf({ name: 'a', content: randomBytes(100_000) }));
    expect(await outcomeOf(ground, await ground.archive(whole.subarray(0, 50_000), '.tgz'))).toEqual(
      refused(/unexpected end|broken/),
    );
  });

  it('that has another digest than its name is refused before it is read', async () => {
    const ground = await Ground.make();
    const source = { type: 'archive', folder: ground.sources, sha256: 'a'.repeat(64) } as const;
    await writeFile(join(ground.sources, `${source.sha256}.tar`), tarOf({ name: '../a', content: 'x' }));
    expect(await outcomeOf(ground, source)).toEqual(
      refused(/has the digest [0-9a-f]{64}: it is not what its name says/),
    );
  });

  it('that is not there is refused, with what to do', async () => {
    const ground = await Ground.make();
    const source = { type: 'archive', folder: ground.sources, sha256: 'a'.repeat(64) } as const;
    expect(await outcomeOf(ground, source)).toEqual(
      refused(/there is no .*\.tar, \.tar\.gz, \.tgz: put the archive there under its sha256/),
    );
  });

  it('behind a link, or a pipe in its place, is refused', async () => {
    const ground = await Ground.make();
    const content = tarOf({ name: 'a', content: 'a' });
    const source = { type: 'archive', folder: ground.sources, sha256: hash('sha256', content) } as const;
    await writeFile(join(ground.folder, 'elsewhere'), content);
    await symlink('../elsewhere', join(ground.sources, `${source.sha256}.tar`));
    expect(await outcomeOf(ground, source)).toEqual(refused(/cannot open .*\.tar/));
    const pipe = { ...source, sha256: 'b'.repeat(64) };
    execFileSync('mkfifo', [join(ground.sources, `${pipe.sha256}.tar`)]);
    await expect(ground.make(pipe)).rejects.toThrow(/is no regular file/);
  });
});
