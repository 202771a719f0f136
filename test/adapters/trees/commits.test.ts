import { hash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { treesWith } from '../../../src/adapters/trees/index.ts';
import type { TreeSource } from '../../../src/planning/release.ts';
import { type Files, Ground, gitEnv, lay, listing, Repository } from './ground.ts';

async function begin(files: Files = { a: 'a' }) {
  const ground = await Ground.make();
  const repository = await Repository.make(join(ground.folder, 'repository'));
  const commit = await repository.commit(files);
  const source = { type: 'git', remote: repository.remote, commit } as const;
  return { ground, repository, commit, source };
}

/** What is said, and what is there then. */
async function outcomeOf(ground: Ground, source: TreeSource) {
  const path = ground.nextPath();
  const said = await ground.make(source, {}, path).catch(String);
  return { said, fact: await ground.trees.fact(path), left: readdirSync(join(ground.root, 'releases')) };
}

const refused = (why: RegExp) => ({ said: expect.stringMatching(why), fact: { exists: false }, left: [] });

async function blob(repository: Repository, name: string): Promise<Uint8Array> {
  const options = { cwd: repository.folder, encoding: 'buffer', stripFinalNewline: false } as const;
  return (await execa('git', ['cat-file', 'blob', `HEAD:${name}`], options)).stdout;
}

describe('T21: a remote', () => {
  it.each([
    ['--upload-pack=touch canary', /is none of https:\/\/…, ssh:\/\/… and file:\/\/\/…/],
    ['-oProxyCommand=touch canary', /is none of/],
    ['ext::sh -c "touch canary"', /is none of/],
    ['git@example.org:app.git', /is none of/],
    ['http://example.org/app.git', /is none of/],
    ['git://example.org/app.git', /is none of/],
    ['/srv/app.git', /is none of/],
    ['ssh://-oProxyCommand=touch/app.git', /names no host/],
    ['ssh://-oProxyCommand@host/app.git', /names no host/],
    ['ssh://$(touch canary)/app.git', /blank/],
    ['file://host/app.git', /names a host/],
    ['https://example.org/a\nb', /blank/],
    ['https://bot:s3cret-token@example.org/app.git', /holds a name or password/],
    ['https://s3cret-token@example.org/app.git', /holds a name or password/],
    ['ssh://bot:s3cret-token@example.org/app.git', /holds a name or password/],
  ])('%s is refused, and no program runs', async (remote, why) => {
    const { ground, commit } = await begin();
    expect(await outcomeOf(ground, { type: 'git', remote, commit })).toEqual(refused(why));
    await expect(ground.make({ type: 'git', remote, commit })).rejects.not.toThrow(/s3cret/);
    expect(readdirSync(ground.folder)).not.toContain('canary');
    expect(existsSync('canary')).toBe(false);
  });

  it('that cannot be reached is told as that', async () => {
    const { ground, commit } = await begin();
    const gone = `file://${ground.folder}/gone`;
    expect(await outcomeOf(ground, { type: 'git', remote: gone, commit })).toEqual(
      refused(/gone cannot be fetched from: .*does not .*exist/),
    );
    const closed = { type: 'git', remote: 'https://127.0.0.1:1/a.git', commit } as const;
    expect(await outcomeOf(ground, closed)).toEqual(
      refused(/127\.0\.0\.1:1\/a\.git cannot be fetched from: .*connect/i),
    );
  });
});

describe('T21: a commit', () => {
  it.each([
    'HEAD',
    'main',
    'a1b2c3d',
    '--output=canary',
    'A'.repeat(40),
    `${'a'.repeat(40)}^{tree}`,
    `${'a'.repeat(39)}\n`,
    '',
  ])('%j is refused: it is not all of the 40 digits', async (commit) => {
    const { ground, source } = await begin();
    expect(await outcomeOf(ground, { ...source, commit })).toEqual(refused(/named by all of its 40 digits/));
  });

  it('that the remote does not have is refused', async () => {
    const { ground, source } = await begin();
    expect(await outcomeOf(ground, { ...source, commit: 'a'.repeat(40) })).toEqual(refused(/has no commit a{40}/));
  });

  it('that is a tag, a tree or a file is refused', async () => {
    const { ground, repository, source } = await begin();
    await repository.git('tag', '--annotate', '--message', 'a', 'v1');
    for (const [name, type] of Object.entries({ v1: 'tag', 'HEAD:': 'tree', 'HEAD:a': 'blob' })) {
      const commit = await repository.git('rev-parse', name);
      expect(await outcomeOf(ground, { ...source, commit })).toEqual(
        refused(new RegExp(`is a ${type}, and no commit|cannot be fetched|has no commit`)),
      );
    }
  });

  it('that no branch leads to any more is fetched all the same', async () => {
    const { ground, repository, source } = await begin();
    await repository.git('commit', '--amend', '--message', 'b', '--quiet');
    const path = await ground.make(source);
    expect(await readFile(join(path, 'a'), 'utf8')).toBe('a');
  });

  it('of a server that gives only what its branches lead to, by ssh', async () => {
    const { ground, repository, source } = await begin();
    const later = await repository.commit({ a: 'later' });
    // A real one needs another host's key. What it hands on is no newer protocol, and the one command.
    const ssh =
      '#!/bin/sh\necho "$@" >> "$(dirname "$0")/asked"\nfor last; do :; done\nunset GIT_PROTOCOL\nexec sh -c "$last"\n';
    await lay(ground.folder, { 'bin/ssh': { run: ssh } });
    const env = { ...gitEnv, PATH: `${join(ground.folder, 'bin')}:${gitEnv.PATH}` };
    const trees = treesWith({ remotes: ground.remotes, env });
    const path = ground.nextPath();
    const wish = { digest: null, like: null, signal: new AbortController().signal };
    const remote = `ssh://git@example.org${repository.folder}`;
    await trees.make(path, { ...wish, source: { ...source, remote } });
    expect(await readFile(join(path, 'a'), 'utf8')).toBe('a');
    const unknown = { ...source, remote, commit: 'a'.repeat(40) };
    await expect(trees.make(ground.nextPath(), { ...wish, source: unknown })).rejects.toThrow(/has no commit a{40}/);
    await trees.make(ground.nextPath(), { ...wish, source: { ...source, remote, commit: later } });
    const asked = await readFile(join(ground.folder, 'bin/asked'), 'utf8');
    expect(asked.split('\n')[0]).toMatch(/^-oBatchMode=yes -oConnectTimeout=20 .*git@example\.org git-upload-pack/);
  });
});

describe('T21: what a repository says', () => {
  it('of attributes, filters, line ends and LFS changes nothing', async () => {
    const files = {
      '.gitattributes': '* text eol=crlf export-subst ident\nhidden export-ignore\n*.bin filter=lfs\n',
      hidden: 'not hidden',
      subst: '$Format:%H$ $Id$\n',
      'a.bin': 'version https://git-lfs.github.com/spec/v1\n',
    };
    const { ground, repository, source } = await begin(files);
    await repository.git('config', 'filter.lfs.smudge', 'touch canary');
    const path = await ground.make(source);
    const made = Object.entries(await listing(path)).map(([name, value]) => [name, value.split(' ').at(-1)]);
    // Git itself has changed what it took in.
    const blobs = await Promise.all(
      Object.keys(files).map(async (name) => [name, hash('sha256', await blob(repository, name))]),
    );
    expect(Object.fromEntries(made)).toEqual(Object.fromEntries(blobs));
    expect(await readFile(join(path, 'subst'), 'utf8')).toBe('$Format:%H$ $Id$\n');
  });

  it('of submodules is refused', async () => {
    const { ground, repository, source } = await begin();
    await repository.git('update-index', '--add', '--cacheinfo', `160000,${source.commit},vendor/lib`);
    await repository.git('commit', '--quiet', '--message', 'submodule');
    const commit = await repository.git('rev-parse', 'HEAD');
    expect(await outcomeOf(ground, { ...source, commit })).toEqual(
      refused(/"vendor\/lib" is a submodule, which is not fetched/),
    );
  });

  it.each([
    ['a link out', { a: { link: '../../../etc' } }, /"a" is a link to/],
    ['a link to an absolute path', { a: { link: '/etc/passwd' } }, /"a" is a link to/],
    ['names that a Mac takes for one', { A: 'a', a: 'b' }, /cannot both be in it/],
    ['a backslash in a name', { 'a\\b': 'a' }, /has a backslash/],
  ])('with %s is refused', async (_, files: Files, why) => {
    const { ground, source } = await begin(files);
    expect(await outcomeOf(ground, source)).toEqual(refused(why));
  });

  it('of a file named .git is refused by git', async () => {
    const { ground, repository, source } = await begin();
    const blobId = await repository.git('rev-parse', 'HEAD:a');
    const { stdout: inner } = await execa('git', ['mktree'], {
      cwd: repository.folder,
      input: `100644 blob ${blobId}\tconfig\n`,
    });
    const raw = Buffer.concat([Buffer.from('40000 .git\0'), Buffer.from(inner, 'hex')]);
    const { stdout: tree } = await execa('git', ['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'], {
      cwd: repository.folder,
      input: raw,
    });
    const commit = await repository.git('commit-tree', '-m', 'evil', tree);
    expect(await outcomeOf(ground, { ...source, commit })).toEqual(refused(/cannot be fetched from: .*hasDotgit/));
  });

  it('of hooks and programs in its settings is not run', async () => {
    const { ground, repository, source } = await begin();
    const canary = join(ground.folder, 'canary');
    const hook = { mode: 0o755 };
    for (const name of ['post-checkout', 'reference-transaction', 'post-update'])
      await writeFile(join(repository.folder, '.git/hooks', name), `#!/bin/sh\ntouch ${canary}\n`, hook);
    await repository.git('config', 'core.fsmonitor', `touch ${canary}`);
    await repository.git('config', 'uploadpack.packObjectsHook', `touch ${canary}`);
    await ground.make(source);
    expect(existsSync(canary)).toBe(false);
  });
});

describe('the environment of git', () => {
  it('is not steered by settings of the user, the host or the daemon', async () => {
    const { ground, repository, source } = await begin();
    const home = join(ground.folder, 'home');
    await mkdir(home);
    await writeFile(
      join(home, '.gitconfig'),
      `[url "file://${ground.folder}/evil"]\n\tinsteadOf = ${repository.remote}\n`,
    );
    const env = { ...gitEnv, HOME: home, GIT_DIR: '/nonexistent', GIT_SSH: '/bin/false', GIT_CONFIG_COUNT: '1' };
    const trees = treesWith({ remotes: ground.remotes, env });
    const path = ground.nextPath();
    await trees.make(path, { source, digest: null, like: null, signal: new AbortController().signal });
    expect(await readdir(path)).toEqual(['a']);
  });

  it('without git says so', async () => {
    const { ground, source } = await begin();
    const trees = treesWith({ remotes: ground.remotes, env: { PATH: '/nonexistent' } });
    const wish = { source, digest: null, like: null, signal: new AbortController().signal };
    await expect(trees.make(ground.nextPath(), wish)).rejects.toThrow(
      /there is no git on the daemon's PATH: \/nonexistent/,
    );
  });
});

describe('a mirror', () => {
  it('serves what it has when the remote is gone', async () => {
    const { ground, repository, source } = await begin();
    await ground.make(source);
    await rename(repository.folder, `${repository.folder}.gone`);
    expect(await readdir(await ground.make(source))).toEqual(['a']);
  });

  it('serves many at once, of several commits', async () => {
    const { ground, repository, source } = await begin();
    const commits = [source.commit];
    for (const content of ['b', 'c', 'd']) commits.push(await repository.commit({ a: content }));
    const roots = commits.flatMap((commit, n) =>
      [0, 1].map((twin) => ({ commit, root: join(ground.folder, `app-${n}-${twin}`) })),
    );
    const made = await Promise.all(
      roots.map(async ({ commit, root }) => {
        await mkdir(root);
        const path = await ground.make({ ...source, commit }, {}, ground.nextPath(root));
        return readFile(join(path, 'a'), 'utf8');
      }),
    );
    expect(made).toEqual(['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd']);
  });

  it('is made anew where a crash left half of one, and works with a lock that was left', async () => {
    const { ground, repository, source } = await begin();
    const mirror = join(ground.remotes, `${hash('sha256', repository.remote)}.git`);
    await mkdir(join(`${mirror}.new`, 'objects'), { recursive: true });
    await mkdir(join(mirror, 'objects'), { recursive: true });
    await ground.make(source);
    await writeFile(join(mirror, 'shallow.lock'), '');
    const later = await repository.commit({ b: 'b' });
    expect(await readdir(await ground.make({ ...source, commit: later }))).toEqual(['a', 'b']);
  });
});

it('gives up when it is told to, and leaves nothing', async () => {
  const { ground, source } = await begin();
  const path = ground.nextPath();
  const gaveUp = new Error('stopped by an operator');
  await expect(ground.make(source, { signal: AbortSignal.abort(gaveUp) }, path)).rejects.toThrow(
    'stopped by an operator',
  );
  expect(readdirSync(join(ground.root, 'releases'))).toEqual([]);
});
