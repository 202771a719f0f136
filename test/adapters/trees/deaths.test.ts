import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { treesWith } from '../../../src/adapters/trees/index.ts';
import { Ground, gitEnv, listing, Repository } from './ground.ts';

const MAKER = join(import.meta.dirname, '../../fixtures/trees/dying-maker.ts');
const DEATHS = 9;
const FILES = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`d${n % 20}/f${n}`, `${n}\n`.repeat(500)]));

/** A maker that has begun. */
async function begun(args: readonly string[]) {
  const maker = execa(process.execPath, [MAKER, ...args], { env: gitEnv, extendEnv: false, reject: false });
  await once(maker.stdout, 'data');
  // Not itself: it would be awaited.
  return { maker };
}

it('F51: a maker that is killed at any point leaves the whole release at its path or none, and the next one cleans up', async () => {
  const ground = await Ground.make();
  const repository = await Repository.make(join(ground.folder, 'repository'));
  const commit = await repository.commit(FILES);
  const source = { type: 'git', remote: repository.remote, commit } as const;
  const whole = await ground.make(source);
  const [names, digest] = [Object.keys(await listing(whole)), await ground.digestAt(whole)];
  // Each with a mirror of its own: fetching is one of the points.
  const remotes = (n: number) => join(ground.folder, `remotes-${n}`);
  const argsFor = (n: number, path: string) => [remotes(n), path, repository.remote, commit];
  const began = performance.now();
  const { maker: unharmed } = await begun(argsFor(DEATHS, ground.nextPath()));
  await unharmed;
  const lifeMs = performance.now() - began;
  for (let n = 0; n < DEATHS; n += 1) {
    const path = ground.nextPath();
    const { maker } = await begun(argsFor(n, path));
    await pause((lifeMs * n) / DEATHS);
    maker.kill('SIGKILL');
    await maker;
    const fact = await ground.trees.fact(path);
    const there = fact.exists ? { digest: fact.digest, names: Object.keys(await listing(path)) } : 'none';
    expect(['none', { digest, names }]).toContainEqual(there);
    await ground.trees.remove(path);
    // The mirror, whole or half, serves the next one.
    const next = treesWith({ remotes: remotes(n), env: gitEnv });
    await next.make(path, { source, digest, like: null, signal: new AbortController().signal });
    await next.remove(path);
  }
  const id = basename(whole);
  expect(new Set(readdirSync(dirname(whole)))).toEqual(new Set([id, `.${id}.json`]));
}, 60_000);

it('F51: what a death left is removed by the next one in the same folder, and what lies beside stays', async () => {
  const ground = await Ground.make();
  const releases = join(ground.root, 'releases');
  await mkdir(join(releases, '.making-20261123T000000Z-00000000/a'), { recursive: true });
  await mkdir(join(releases, '.kept'));
  await ground.trees.remove(ground.nextPath());
  expect(readdirSync(releases)).toEqual(['.kept']);
});
