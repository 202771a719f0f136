import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { processesOf, TestHome } from './test-home.ts';

const count = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').length : 0);
const shell = (script: string, undo = 'true', more: Record<string, unknown> = {}) => ({
  action: 'infra.command',
  with: { argv: ['/bin/sh', '-c', script], undo: ['/bin/sh', '-c', undo], ...more },
});

/** Three steps; the second says that it has begun, and waits until `go` is there. */
function threeSteps(home: TestHome, more: Record<string, unknown> = {}) {
  const [a, b, c, begun, go] = ['a', 'b', 'c', 'begun', 'go'].map((name) => home.path(name)) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const waiting = `echo ran >> ${b}; sleep 1000 & echo on > ${begun}; while [ ! -e ${go} ]; do sleep 0.05; done; kill $!`;
  return {
    a,
    b,
    c,
    begun,
    go,
    actions: [shell(`echo ran >> ${a}`), shell(waiting, 'true', more), shell(`echo ran >> ${c}`)],
  };
}

const finals = (home: TestHome, id: string) =>
  home.reports.filter(({ evidence }) => evidence.task_id === id && evidence.final);

describe('a daemon that is killed in the middle of a task', () => {
  it('leaves no child, applies no step twice, and says in one final report what is unknown', async () => {
    await using home = await TestHome.make();
    await home.start();
    const { a, b, c, begun, actions } = threeSteps(home);
    await home.submit(home.task('crash-1', actions));
    await expect.poll(() => count(begun)).toBe(1);
    expect(processesOf('crash-1')).not.toEqual([]);
    await home.kill();
    await expect.poll(() => processesOf('crash-1'), { timeout: 10_000 }).toEqual([]);
    await home.start();
    const report = await home.report('crash-1');
    expect(report.evidence).toMatchObject({ outcome: 'interrupted', final: true });
    expect(report.evidence.steps.map(({ outcome }) => outcome)).toEqual(['applied', 'unknown', 'skipped']);
    expect(report.ops_output.notes).toContain('unknown');
    const job = await home.queue('ops-mini-1').getJob('crash-1');
    await expect.poll(() => job?.getState(), { timeout: 45_000, interval: 200 }).toBe('failed');
    expect([a, b, c].map(count)).toEqual([1, 1, 0]);
    expect(finals(home, 'crash-1')).toHaveLength(1);
    expect((await home.ops('audit', 'verify')).exitCode).toBe(0);
  }, 90_000);

  it('resumes where the task says so and every open step can be told', async () => {
    await using home = await TestHome.make();
    await home.start();
    const { a, b, c, begun, go, actions } = threeSteps(home, { guard: { creates: home.path('begun') } });
    await home.submit(home.task('crash-2', actions, { on_interrupt: 'resume' }));
    await expect.poll(() => existsSync(begun)).toBe(true);
    await home.kill();
    writeFileSync(go, '');
    await home.start();
    const report = await home.report('crash-2');
    expect(report.evidence.outcome).toBe('completed');
    expect([a, b, c].map(count)).toEqual([1, 1, 1]);
    expect(finals(home, 'crash-2')).toHaveLength(1);
  }, 60_000);

  it('takes back where the task says so', async () => {
    await using home = await TestHome.make();
    await home.start();
    const begun = home.path('begun');
    const file = home.path('app.conf');
    writeFileSync(file, 'before\n');
    const actions = [
      { action: 'config.file', with: { path: file, content: 'after\n' } },
      shell(`echo on > ${begun}; sleep 1000`),
    ];
    await home.submit(home.task('crash-3', actions, { on_interrupt: 'undo' }));
    await expect.poll(() => existsSync(begun)).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe('after\n');
    await home.kill();
    await home.start();
    const report = await home.report('crash-3');
    expect(report.evidence.steps.map(({ outcome }) => outcome)).toEqual(['undone', 'applied', 'undone']);
    expect(readFileSync(file, 'utf8')).toBe('before\n');
  }, 60_000);
});

describe('a Redis that is emptied in the middle of a task', () => {
  it('F19, T14: changes nothing: the task finishes, is reported once, and cannot be replayed', async () => {
    await using home = await TestHome.make();
    await home.start();
    const { a, b, c, begun, go, actions } = threeSteps(home);
    const task = home.task('flush-1', actions);
    await home.submit(task);
    await expect.poll(() => existsSync(begun)).toBe(true);
    await home.redis.flushall();
    writeFileSync(go, '');
    const report = await home.report('flush-1');
    expect(report.ops_output.status).toBe('completed');
    const again = await home.submit(task);
    await expect
      .poll(async () => (await home.queue('ops-mini-1').getJob(again.id ?? ''))?.returnvalue)
      .toEqual(report.ops_output);
    expect([a, b, c].map(count)).toEqual([1, 1, 1]);
    expect(finals(home, 'flush-1')).toHaveLength(1);
  }, 60_000);
});

describe('a daemon that is asked to stop', () => {
  it('F12: lets what runs end, reports it, and ends with 0', async () => {
    await using home = await TestHome.make();
    await home.start();
    const { begun, go, actions } = threeSteps(home);
    await home.submit(home.task('stop-1', actions));
    await expect.poll(() => existsSync(begun)).toBe(true);
    const stopped = home.stop();
    writeFileSync(go, '');
    expect(await stopped).toBe(0);
    await home.start();
    expect((await home.report('stop-1')).ops_output.status).toBe('completed');
  }, 60_000);

  it('F29: refuses a second daemon on its home', async () => {
    await using home = await TestHome.make();
    await home.start();
    const second = await home.ops('up');
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toContain('another daemon already runs on this home');
    const done = home.path('done');
    await home.submit(home.task('only-1', [shell(`echo ran >> ${done}`)]));
    expect((await home.report('only-1')).ops_output.status).toBe('completed');
    expect(count(done)).toBe(1);
  }, 30_000);
});
