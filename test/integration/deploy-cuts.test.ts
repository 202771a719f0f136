import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report, Task } from '../../src/contract/index.ts';
import type { RunPoint } from '../../src/runner/run.ts';
import type { Point } from '../../src/services/failpoint.ts';
import { condemn } from '../fuzz/death.ts';
import { TestHome } from './test-home.ts';
import { until } from './until.ts';
import { allowDeploys, WebApp } from './web-app.ts';

const EVERYTHING = ['daemon', 'runner', 'redis'] as const;

let home: TestHome;
let web: WebApp;
/** What staging runs when nothing is under way. */
let standing: { current: string | null; version: string };
let versions = 0;

beforeAll(async () => {
  home = await TestHome.make({ OPS_DASHBOARD: 'off' }, { mortal: true });
  allowDeploys(home, 'web');
  await home.start();
  web = await WebApp.make(home, 'web');
  const { task, version } = await next('stop');
  await home.submit(task);
  expect((await home.report(task.task_id)).evidence.outcome).toBe('completed');
  standing = { current: web.current('staging'), version };
}, 60_000);
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
}, 60_000);

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
  expect(web.current('staging')).toBe(standing.current);
  expect(
    readdirSync(web.at('staging/releases')).filter(
      (name) => !standing.current?.includes(name.replaceAll(/^\.|\.json$/g, '')),
    ),
  ).toEqual([]);
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
