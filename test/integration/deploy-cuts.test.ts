import { existsSync, readdirSync } from 'node:fs';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report, Task } from '../../src/contract/index.ts';
import type { RunPoint } from '../../src/runner/run.ts';
import type { Point } from '../../src/services/failpoint.ts';
import { condemn, killNow } from '../fuzz/death.ts';
import { type HeldGit, heldFetch, SlowGit } from './held-git.ts';
import { TestHome } from './test-home.ts';
import { until } from './until.ts';
import { allowDeploys, WebApp } from './web-app.ts';

const EVERYTHING = ['daemon', 'runner', 'redis'] as const;

const git = new SlowGit();
let home: TestHome;
let web: WebApp;
/** What staging runs when nothing is under way. */
let standing: { current: string | null; version: string; folder: string[] };
let versions = 0;

beforeAll(async () => {
  home = await TestHome.make({ OPS_DASHBOARD: 'off', PATH: git.path }, { mortal: true });
  allowDeploys(home, 'web');
  await home.start();
  web = await WebApp.make(home, 'web');
  const { task, version } = await next('stop');
  await home.submit(task);
  expect((await home.report(task.task_id)).evidence.outcome).toBe('completed');
  standing = { current: web.current('staging'), version, folder: folder() };
}, 60_000);
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
  git[Symbol.dispose]();
}, 60_000);

/** All that lies with the releases, what is hidden and begun too. */
const folder = (): string[] => readdirSync(web.at('staging/releases')).toSorted();

type OnInterrupt = 'stop' | 'undo' | 'resume';

/** A deploy of a new version to staging. */
async function next(on_interrupt: OnInterrupt): Promise<{ task: Task; version: string }> {
  versions += 1;
  const version = `${versions}.0.0`;
  return { task: web.task('release', 'staging', { commit: await web.commit(version) }, { on_interrupt }), version };
}

/** What a power cut may leave: a `current` that leads to a whole release, which is the old or the new one. */
function expectWhole(): void {
  const current = web.current('staging');
  expect([current, existsSync(web.at('staging', current ?? '', 'built/page.html'))]).toEqual([
    expect.any(String),
    true,
  ]);
  expect(existsSync(web.at('staging', `releases/.${current?.slice('releases/'.length)}.json`))).toBe(true);
}

/** The power is away from here on, and comes back. */
async function afterTheCut(task: Task): Promise<Report> {
  await home.died();
  await web.kill('staging');
  expectWhole();
  await home.start();
  const report = await home.report(task.task_id, 1, 30_000);
  expectWhole();
  return report;
}

/** No other release, nothing begun, and the app runs as before. */
async function expectAsBefore(): Promise<void> {
  expect([web.current('staging'), folder()]).toEqual([standing.current, standing.folder]);
  await web.start('staging');
  await until('the app', () =>
    web.version('staging').then(
      (version) => version === standing.version,
      () => false,
    ),
  );
}

type Cut = readonly [where: string, at: Point | RunPoint, hit: number];
const CUTS: readonly Cut[] = [
  ['before its fetch', 'intended', 1],
  ['after its fetch', 'done', 1],
  ['in its build', 'spawned', 1],
  ['before its links', 'intended', 3],
  ['before the swap', 'intended', 9],
  ['after the swap', 'done', 9],
  ['before the restart', 'intended', 10],
  ['after the restart', 'done', 10],
  ['before its health is seen', 'intended', 11],
  ['in its watch', 'intended', 12],
  ['after its watch', 'done', 12],
];

describe('a power cut in a deploy', () => {
  it.each(CUTS)(
    'F51: %s leaves the old or the new release, and the next start takes it back',
    async (_, at, hit) => {
      const { task } = await next('undo');
      condemn(home.root, { at, hit, victims: EVERYTHING });
      await home.submit(task);
      const { evidence, ops_output } = await afterTheCut(task);
      expect([evidence.outcome, ops_output.blockers.map(({ code }) => code)]).toEqual(['interrupted', ['interrupted']]);
      await expectAsBefore();
    },
    60_000,
  );
});

/** Where a part of the work is done, and a git is at the rest. */
const MIDDLES: readonly [where: string, hold: () => HeldGit, half: RegExp][] = [
  ['its fetch', () => heldFetch(web.at('source')), /^$/],
  ['its files', () => git.held(), /^VERSION,build\.mjs$/],
];

/** What lies in the tree that is begun. */
const begun = (): string =>
  folder()
    .filter((name) => name.startsWith('.making-'))
    .map((name) => readdirSync(web.at('staging/releases', name)).join())
    .join();

/** A deploy that ends, with all but its git, in the middle of something, and what the next start says of it. */
async function cutInTheMiddle(on_interrupt: OnInterrupt, hold: () => HeldGit, half: RegExp) {
  const { task, version } = await next(on_interrupt);
  const held = hold();
  await home.submit(task);
  await held.reached();
  await until('what it has done so far', () => half.test(begun()), { instead: begun });
  for (const victim of EVERYTHING) killNow(home.root, victim);
  expect(await livingGits()).toBe(true);
  const { evidence } = await afterTheCut(task);
  // What outlived the daemon finds nothing to spoil.
  const after = folder();
  held.letGo();
  await until('the end of its git', async () => !(await livingGits()));
  expect(folder()).toEqual(after);
  return { outcome: evidence.outcome, version };
}

const livingGits = async (): Promise<boolean> =>
  (await execa('pgrep', ['-f', `(upload-pack.*|--git-dir=)${home.root}`], { reject: false })).exitCode === 0;

describe('a power cut in the middle of a step', () => {
  it.each(MIDDLES.flatMap((middle) => (['undo', 'stop'] as const).map((wish) => [wish, ...middle] as const)))(
    'F51: that ends with %s in %s leaves nothing of it after the next start',
    async (wish, _, hold, half) => {
      expect((await cutInTheMiddle(wish, hold, half)).outcome).toBe('interrupted');
      await expectAsBefore();
    },
    60_000,
  );

  it.each(MIDDLES)(
    'F51: that goes on in %s is made good by the next start',
    async (_, hold, half) => {
      const { outcome, version } = await cutInTheMiddle('resume', hold, half);
      const current = web.current('staging');
      const id = current?.replace('releases/', '') ?? '';
      expect([outcome, await web.version('staging')]).toEqual(['completed', version]);
      expect(folder()).toEqual([...standing.folder, id, `.${id}.json`].toSorted());
      standing = { current, version, folder: folder() };
    },
    60_000,
  );
});
