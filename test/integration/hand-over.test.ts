import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report, Task } from '../../src/contract/index.ts';
import { coerceError } from '../../src/errors.ts';
import { FrontedApp } from './fronted-app.ts';
import type { FrontName } from './fronts.ts';
import { loadOn, NONE } from './load.ts';
import { TestHome } from './test-home.ts';
import { until } from './until.ts';
import { allowDeploys } from './web-app.ts';

const FRONTS: readonly FrontName[] = ['nginx', 'haproxy'];
/** Behind these the clients keep their connections; docs/deploys.md says what that is worth. */
const KEEPS: ReadonlySet<FrontName> = new Set(['haproxy']);

let home: TestHome;
const apps = new Map<FrontName, FrontedApp>();

beforeAll(async () => {
  home = await TestHome.make({ OPS_DASHBOARD: 'off' });
  allowDeploys(home, ...FRONTS);
  await home.start();
  for (const name of FRONTS) {
    const app = await FrontedApp.make(home, name);
    apps.set(name, app);
    await app.startFront();
  }
}, 60_000);
afterAll(async () => {
  for (const app of apps.values()) await app[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
}, 60_000);

const appOf = (name: FrontName): FrontedApp => apps.get(name) as FrontedApp;

async function done(task: Task): Promise<Report> {
  await home.submit(task);
  return home.report(task.task_id, 1, 60_000);
}

const blockerOf = ({ ops_output }: Report) => ops_output.blockers[0];

async function released(app: FrontedApp, version: string): Promise<Task> {
  const task = app.task('release', { commit: await app.commit(version) });
  expect(blockerOf(await done(task))).toBeUndefined();
  expect(await app.answer()).toBe(version);
  return task;
}

/** While clients ask all the time: none of them may see a failure. */
async function underLoad(app: FrontedApp, work: () => Promise<void>): Promise<void> {
  const load = loadOn(app.url, { keepAlive: KEEPS.has(app.name) });
  const worked = await work().then(() => null, coerceError);
  const { requests, failures } = await load.end();
  if (worked) throw worked;
  expect(failures).toEqual(NONE);
  expect(requests).toBeGreaterThan(200);
}

/** Server code that is healthy for the checks before the switch and after it, and no more for the watch or the checks after it. */
const wearsOut = (server: string) =>
  server.replace('const up = () => 200;', 'const up = () => (asked++ < 2 ? 200 : 503);');
const neverGreen = (server: string) => server.replace('const up = () => 200;', 'const up = () => 503;');

describe.each(FRONTS)('behind %s', (name) => {
  const app = () => appOf(name);

  it('a release runs beside the one before, which ends once nobody is led to it any more', async () => {
    await released(app(), '1.0.0');
    const first = await app().picture();
    expect(first).toMatchObject({ current: first['current-b'], 'current-a': null, a: false, b: true });
    await underLoad(app(), async () => {
      await released(app(), '2.0.0');
      const second = await app().picture();
      expect(second).toMatchObject({ current: second['current-a'], 'current-b': first['current'], a: true, b: false });
    });
  }, 60_000);

  it('a rollback and its undo drop no request either', async () => {
    const before = await app().picture();
    await underLoad(app(), async () => {
      const rollback = app().task('rollback');
      expect(blockerOf(await done(rollback))).toBeUndefined();
      expect(await app().answer()).toBe('1.0.0');
      const forth = home.undo(`${name}-forth`, rollback);
      await home.submit(forth, ['manager']);
      expect(blockerOf(await home.report(forth.task_id, 1, 30_000))).toBeUndefined();
      expect([await app().answer(), await app().picture()]).toEqual(['2.0.0', before]);
    });
  }, 60_000);
});

describe('while clients ask', () => {
  let app: FrontedApp;
  let before: unknown;
  beforeAll(async () => {
    app = appOf('nginx');
    before = [await app.answer(), await app.picture()];
  });

  it.each([
    ['is never healthy is led no request', neverGreen, /^unhealthy$/],
    ['is healthy only at first is taken back', wearsOut, /^(?:watch-failed|unhealthy)$/],
  ])(
    'a release that %s',
    async (_, change, code) => {
      await underLoad(app, async () => {
        const report = await done(app.task('release', { commit: await app.commit('3.0.0', change) }));
        expect(blockerOf(report)).toMatchObject({ code: expect.stringMatching(code), owner: 'manager' });
        expect(report.ops_output.notes).toContain('the host is as it was before');
        expect([await app.answer(), await app.picture()]).toEqual(before);
      });
    },
    60_000,
  );

  it('a daemon that dies after the switch takes it back when it starts again', async () => {
    const task = app.task('release', { commit: await app.commit('3.1.0') });
    await underLoad(app, async () => {
      await home.submit(task);
      await until('the switch', async () => (await app.answer()) === '3.1.0');
      await home.kill();
      await home.start();
      expect(await home.report(task.task_id, 1, 30_000)).toMatchObject({ evidence: { outcome: 'interrupted' } });
      expect([await app.answer(), await app.picture()]).toEqual(before);
    });
  }, 60_000);

  it('a request that had begun before the switch is answered by whom it was led to', async () => {
    const task = app.task('release', { commit: await app.commit('4.0.0') });
    const { front } = await app.picture();
    await home.submit(task);
    const slow: Promise<string>[] = [];
    await until('the switch', async () => {
      slow.push(app.answer('slow'));
      return (await app.picture())['front'] !== front;
    });
    expect(blockerOf(await home.report(task.task_id, 1, 30_000))).toBeUndefined();
    const answers = await Promise.all(slow);
    expect(answers[0]).toBe('2.0.0');
    expect(answers.filter((answer) => !['2.0.0', '4.0.0'].includes(answer))).toEqual([]);
  }, 60_000);
});

it('a front that somebody has led elsewhere is left alone', async () => {
  const app = appOf('nginx');
  const { front } = await app.picture();
  writeFileSync(app.frontFile, `# by hand\n${String(front)}`);
  const report = await done(app.task('rollback'));
  writeFileSync(app.frontFile, String(front));
  expect(blockerOf(report)).toMatchObject({ code: 'front-changed', owner: 'operator' });
}, 60_000);
