import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report, Task } from '../../src/contract/index.ts';
import { TestHome } from './test-home.ts';
import { allowDeploys, type Environment, WebApp } from './web-app.ts';

let home: TestHome;
let web: WebApp;
let blog: WebApp;

beforeAll(async () => {
  home = await TestHome.make({ OPS_DASHBOARD: 'off' });
  allowDeploys(home, 'web', 'blog');
  await home.start();
  web = await WebApp.make(home, 'web');
  blog = await WebApp.make(home, 'blog');
}, 60_000);
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await blog[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
}, 60_000);

async function done(task: Task): Promise<Report> {
  await home.submit(task);
  return home.report(task.task_id, 1, 30_000);
}

const outcomeOf = ({ evidence }: Report) => evidence.outcome;
const blockerOf = ({ ops_output }: Report) => ops_output.blockers[0];
const release = (app: WebApp, environment: Environment, commit: string) => app.task('release', environment, { commit });

/** A new version in staging, and what `current` leads to then. */
async function staged(app: WebApp, version: string): Promise<{ commit: string; task: Task; current: string | null }> {
  const commit = await app.commit(version);
  const task = release(app, 'staging', commit);
  expect(outcomeOf(await done(task))).toBe('completed');
  expect(await app.version('staging')).toBe(version);
  return { commit, task, current: app.current('staging') };
}

describe('a release', () => {
  it('goes to production only once it was stable in staging', async () => {
    const commit = await web.commit('1.0.0');
    const early = await done(release(web, 'production', commit));
    expect(blockerOf(early)).toMatchObject({
      code: 'no-receipt',
      message: expect.stringMatching(/staging comes first/),
    });
    expect(web.current('production')).toBeNull();
    const task = release(web, 'staging', commit);
    const { ops_output, evidence } = await done(task);
    expect(ops_output).toMatchObject({ status: 'completed', operation_type: 'deploy', blockers: [] });
    expect(ops_output.actions_taken[0]?.rollback_command).toContain(`undo ${task.task_id} --action 1`);
    const up = { service: 'web', status: 'healthy', endpoint: web.url('staging', '/up') };
    expect(ops_output.health_checks).toContainEqual(up);
    const kinds = 'tree command link link tree record service link service probe watch record';
    expect(evidence.steps.map(({ kind }) => kind).join(' ')).toBe(kinds);
    expect(outcomeOf(await done(release(web, 'production', commit)))).toBe('completed');
    expect([await web.version('staging'), await web.version('production')]).toEqual(['1.0.0', '1.0.0']);
  }, 90_000);

  it('that is vetoed while it is built is taken back, and never deployed again', async () => {
    const before = web.current('staging');
    const gate = web.gate();
    const commit = await web.commit('1.3.0');
    const task = release(web, 'staging', commit);
    await home.submit(task);
    await gate.reached();
    await home.control('veto', 'security', `commit:${commit}`);
    const report = await home.report(task.task_id, 1, 30_000);
    gate.open();
    expect([outcomeOf(report), web.current('staging')]).toEqual(['vetoed', before]);
    expect(blockerOf(await done(release(web, 'staging', commit)))).toMatchObject({ code: 'vetoed', owner: 'security' });
    await web.forget();
  }, 60_000);
});

describe('going back', () => {
  it('is by undo, by rollback, and forth again by its undo', async () => {
    const first = web.current('staging');
    const { task, current } = await staged(web, '2.0.0');
    const rollback = web.task('rollback', 'staging');
    expect(outcomeOf(await done(rollback))).toBe('completed');
    expect([web.current('staging'), await web.version('staging')]).toEqual([first, '1.0.0']);
    const forth = home.undo('undo-rollback', rollback);
    await home.submit(forth, ['manager']);
    expect(blockerOf(await home.report(forth.task_id, 1, 30_000))).toBeUndefined();
    expect([web.current('staging'), await web.version('staging')]).toEqual([current, '2.0.0']);
    const undo = await home.ops('undo', task.task_id);
    expect([undo.exitCode, undo.stdout]).toEqual([0, expect.stringContaining('status: completed')]);
    expect([web.current('staging'), await web.version('staging')]).toEqual([first, '1.0.0']);
    expect(web.releases('staging')).toEqual([first?.replace('releases/', '')]);
  }, 90_000);

  it('is refused where nothing is left to go back to', async () => {
    const report = await done(web.task('rollback', 'production'));
    expect(blockerOf(report)).toMatchObject({ code: 'no-target' });
    const gone = await done(web.task('rollback', 'staging', { to: '20260101T000000Z-00000000' }));
    expect(blockerOf(gone)).toMatchObject({ code: 'no-target', message: expect.stringMatching(/20260101T000000Z/) });
  }, 60_000);
});

describe('staging and production', () => {
  it('have the same tree by promote, and what is old is pruned', async () => {
    const { commit } = await staged(web, '3.0.0');
    await staged(web, '3.1.0');
    const promoted = await done(web.task('promote', 'production', { commit }));
    expect(blockerOf(promoted)).toBeUndefined();
    expect(await web.version('production')).toBe('3.0.0');
    const before = web.releases('staging');
    expect(outcomeOf(await done(web.task('prune', 'staging')))).toBe('completed');
    expect(web.releases('staging')).toEqual(before.slice(-2));
    expect(await web.version('staging')).toBe('3.1.0');
  }, 90_000);
});

describe('what the operator sees', () => {
  it('is what stands and what is kept, and the record of each deploy', async () => {
    const { stdout } = await home.ops('releases', '--json');
    const all = JSON.parse(stdout) as { release: string; environment: string; state: string }[];
    expect(all.map(({ environment, state }) => `${environment} ${state}`)).toEqual([
      'production stands',
      'production kept',
      'staging stands',
      'staging kept',
    ]);
    expect((await home.ops('releases')).stdout).toMatch(/^app +environment +release +state/);
    const stands = all.find(({ environment }) => environment === 'staging');
    const shown = await home.ops('releases', 'show', String(stands?.release), '--environment', 'staging', '--json');
    expect(shown.stderr).toBe('');
    expect(JSON.parse(shown.stdout)).toMatchObject({
      state: 'stands',
      reason: 'Try release',
      outcome: 'completed',
      signed_by: ['manager: savorgManager', 'plan-review: savorgPlanReview', 'security: savorgSecurity'],
      release_before: all[3]?.release,
      files_changed: { count: 1, names: ['VERSION'] },
      rollback_commands: [expect.stringContaining('undo ')],
      steps: expect.arrayContaining([expect.objectContaining({ state: 'applied', took_ms: expect.any(Number) })]),
    });
    const none = await home.ops('releases', 'show', 'nothing');
    expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining('"ops releases" lists')]);
  }, 60_000);
});

describe('two deploys', () => {
  it('of one app wait for each other in their order; another app waits for neither', async () => {
    const gate = blog.gate();
    const [one, two] = [await blog.commit('1.0.0'), await blog.commit('2.0.0')];
    const tasks = [release(blog, 'staging', one), release(blog, 'staging', two)] as const;
    for (const task of tasks) await home.submit(task);
    await gate.reached();
    await staged(web, '5.0.0');
    const begun = () => home.reports.map(({ evidence }) => evidence.task_id).filter((id) => id.startsWith('blog'));
    expect([begun(), blog.releases('staging')]).toEqual([[], [expect.stringContaining(one.slice(0, 8))]]);
    gate.open();
    await home.report(tasks[1].task_id, 1, 30_000);
    expect(begun()).toEqual(tasks.map(({ task_id }) => task_id));
    expect(await blog.version('staging')).toBe('2.0.0');
  }, 90_000);
});
