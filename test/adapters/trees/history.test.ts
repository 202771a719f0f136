import { hash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { historyOf } from '../../../src/adapters/trees/history.ts';
import { Ground, gitEnv, Repository } from './ground.ts';

const UNKNOWN = { commits: null, files: null };

async function begin() {
  const ground = await Ground.make();
  const repository = await Repository.make(join(ground.folder, 'repository'));
  const { remote } = repository;
  const commits = async (count: number): Promise<string> => {
    for (let n = 1; n < count; n += 1) await repository.git('commit', '--quiet', '--allow-empty', '--message', `c${n}`);
    return repository.commit({ [`f${count}`]: 'f' });
  };
  const deploy = (commit: string) => ground.make({ type: 'git', remote, commit });
  const parts = { remotes: ground.remotes, env: gitEnv };
  const between = (from: string, to: string) => historyOf({ remote, from, to }, parts);
  const subjects = async (from: string, to: string) =>
    (await between(from, to)).commits?.map((line) => line.replace(/^[0-9a-f]{7} /, '')) ?? null;
  return { ground, repository, commits, deploy, between, subjects };
}

it('names the commits since the release before, also those that were no release, and the files', async () => {
  const { commits, deploy, between, subjects } = await begin();
  const from = await commits(2);
  await deploy(from);
  const to = await commits(4);
  expect(await between(from, to)).toEqual(UNKNOWN);
  await deploy(to);
  expect(await subjects(from, to)).toEqual(['a', 'c3', 'c2', 'c1']);
  expect((await between(from, to)).files).toEqual({ count: 1, names: ['f4'] });
});

it('says the same after later releases, and when the remote is gone', async () => {
  const { repository, commits, deploy, subjects } = await begin();
  const first = await commits(1);
  await deploy(first);
  const second = await commits(60);
  await deploy(second);
  const told = await subjects(first, second);
  expect(told).toHaveLength(50);
  const third = await commits(60);
  await deploy(third);
  await rename(repository.folder, `${repository.folder}.gone`);
  expect(await subjects(first, second)).toEqual(told);
  expect(await subjects(second, third)).toHaveLength(50);
});

it('names those of a branch that was merged, too', async () => {
  const { repository, commits, deploy, subjects } = await begin();
  const base = await commits(1);
  await repository.git('checkout', '--quiet', '-b', 'feature');
  await repository.git('commit', '--quiet', '--allow-empty', '--message', 'feature');
  await repository.git('checkout', '--quiet', 'main');
  const from = await commits(2);
  await deploy(from);
  await repository.git('merge', '--quiet', '--no-edit', '--message', 'merge', 'feature');
  const to = await repository.git('rev-parse', 'HEAD');
  await deploy(to);
  expect((await subjects(from, to))?.toSorted()).toEqual(['feature', 'merge']);
  expect(await subjects(base, to)).toHaveLength(4);
});

it('names none rather than a part of them', async () => {
  const { commits, deploy, between, subjects } = await begin();
  const from = await commits(1);
  await deploy(from);
  const to = await commits(120);
  await deploy(to);
  expect(await subjects(from, to)).toBeNull();
  expect((await between(from, to)).files).toEqual({ count: 1, names: ['f120'] });
  // It goes back.
  expect(await subjects(to, from)).toBeNull();
});

it('gathers the packs of many fetches, and keeps all that was fetched', async () => {
  const { ground, repository, commits, deploy, subjects } = await begin();
  const made: string[] = [];
  for (let n = 1; n <= 25; n += 1) {
    const commit = await commits(n % 3 === 0 ? 2 : 1);
    await deploy(commit);
    made.push(commit);
  }
  const mirror = join(ground.remotes, `${hash('sha256', repository.remote)}.git`);
  const packs = readdirSync(join(mirror, 'objects/pack')).filter((name) => name.endsWith('.pack'));
  expect(packs.length).toBeLessThanOrEqual(20);
  await rename(repository.folder, `${repository.folder}.gone`);
  for (const commit of made) await deploy(commit);
  expect(await subjects(made[0] ?? '', made[24] ?? '')).toHaveLength(32);
});
