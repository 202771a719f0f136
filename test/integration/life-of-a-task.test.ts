import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestHome } from './test-home.ts';

let home: TestHome;

beforeAll(async () => {
  home = await TestHome.make();
  await home.start();
});
afterAll(() => home[Symbol.asyncDispose]());

/** Appends a line to a file each time it runs. */
const appending = (path: string) => ({
  action: 'infra.command',
  with: { argv: ['/bin/sh', '-c', `echo ran >> ${path}`], undo: ['/bin/sh', '-c', `rm -f ${path}`] },
});
const lines = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').length : 0);

describe('a task without clearance', () => {
  it('is held, runs nothing, and once cleared runs exactly once', async () => {
    const mark = home.path('held-mark');
    const task = home.task('held-1', [appending(mark)]);
    const job = await home.submit(task, ['manager', 'plan-review']);
    await expect.poll(() => job.getState()).toBe('delayed');
    const held = await home.queue('ops-mini-1').getJob('held-1');
    expect(held?.progress).toMatchObject({ state: 'held', missing: ['not-cleared'] });
    expect(lines(mark)).toBe(0);
    await home.addControl(await home.sign(task, 'security'));
    const report = await home.report('held-1');
    expect(report.ops_output.status).toBe('completed');
    expect(report.evidence.attested_by.map(({ role }) => role).toSorted()).toEqual([
      'manager',
      'plan-review',
      'security',
    ]);
    expect(lines(mark)).toBe(1);
  });

  it('is held for both signatures, whichever comes first', async () => {
    const mark = home.path('both-mark');
    const task = home.task('held-2', [appending(mark)]);
    const job = await home.submit(task, ['manager']);
    await expect.poll(() => job.getState()).toBe('delayed');
    await home.addControl(await home.sign(task, 'security'));
    await expect
      .poll(async () => (await home.queue('ops-mini-1').getJob('held-2'))?.progress)
      .toMatchObject({ missing: ['not-approved'] });
    expect(lines(mark)).toBe(0);
    await home.addControl(await home.sign(task, 'plan-review'));
    expect((await home.report('held-2')).ops_output.status).toBe('completed');
    expect(lines(mark)).toBe(1);
  });
});

describe('a task that is sent again', () => {
  it('runs after a refusal, unchanged', async () => {
    const mark = home.path('refused-mark');
    const policy = readFileSync(home.home.etc.policy, 'utf8');
    writeFileSync(home.home.etc.policy, 'allow: []\n');
    const task = home.task('again-1', [appending(mark)]);
    await home.submit(task);
    const refusal = await home.report('again-1');
    expect(refusal.ops_output.blockers[0]).toMatchObject({ code: 'not-allowed', owner: 'operator' });
    expect(refusal.evidence.final).toBe(false);
    expect(lines(mark)).toBe(0);
    writeFileSync(home.home.etc.policy, policy);
    await home.submit(task, undefined, 'again-1~2');
    const report = await home.report('again-1', 2);
    expect(report.ops_output.status).toBe('completed');
    expect(report.evidence.final).toBe(true);
    expect(lines(mark)).toBe(1);
  });

  it('gets the recorded outcome after it ran, and nothing new happens', async () => {
    const mark = home.path('once-mark');
    const task = home.task('again-2', [appending(mark)]);
    await home.submit(task);
    const first = await home.report('again-2');
    const again = await home.submit(task, undefined, 'again-2~2');
    await expect.poll(() => again.getState()).toBe('completed');
    const done = await home.queue('ops-mini-1').getJob('again-2~2');
    expect(done?.returnvalue).toEqual(first.ops_output);
    expect(lines(mark)).toBe(1);
    // A later task's report shows that nothing else came in between.
    await home.submit(home.task('again-2-later', [appending(home.path('later-mark'))]));
    await home.report('again-2-later');
    expect(home.reports.filter(({ evidence }) => evidence.task_id === 'again-2')).toHaveLength(1);
  });
});

describe('a veto', () => {
  it('F36: ends the running command within 5 s, undoes, and is reported', async () => {
    const mark = home.path('veto-mark');
    const file = home.path('veto.conf');
    const task = home.task('veto-1', [
      { action: 'config.file', with: { path: file, content: 'new\n' } },
      {
        action: 'infra.command',
        with: {
          argv: ['/bin/sh', '-c', `echo up > ${mark}; trap '' TERM; while :; do sleep 0.2; done`],
          undo: ['rm', '-f', mark],
        },
      },
    ]);
    await home.submit(task);
    await expect.poll(() => existsSync(mark)).toBe(true);
    const vetoedAt = performance.now();
    await home.control('veto', 'security', 'task:veto-1');
    const report = await home.report('veto-1');
    expect(performance.now() - vetoedAt).toBeLessThan(5_000);
    expect(report.evidence.outcome).toBe('vetoed');
    expect(report.ops_output.blockers[0]).toMatchObject({ code: 'vetoed', owner: 'security' });
    expect(report.ops_output.actions_taken.map(({ result }) => result)).toEqual(['failed', 'failed']);
    expect(report.evidence.steps.map(({ outcome }) => outcome)).toEqual(['undone', 'applied', 'undone']);
    expect(existsSync(mark)).toBe(false);
    expect(existsSync(file)).toBe(false);
  });

  it('F36: before the start refuses the task for ever', async () => {
    await home.control('veto', 'security', 'task:veto-2');
    await home.submit(home.task('veto-2', [appending(home.path('never'))]));
    expect((await home.report('veto-2')).ops_output.blockers[0]?.code).toBe('vetoed');
    expect(existsSync(home.path('never'))).toBe(false);
  });
});

describe('an undo', () => {
  it('of two tasks on one file takes back the later one first, and then the earlier one', async () => {
    const file = home.path('twice.conf');
    writeFileSync(file, 'before\n');
    for (const [id, content] of [
      ['first', 'one\n'],
      ['second', 'two\n'],
    ] as const) {
      await home.submit(home.task(id, [{ action: 'config.file', with: { path: file, content } }]));
      await home.report(id);
    }
    const tooEarly = await home.ops('undo', 'first');
    expect([tooEarly.exitCode, tooEarly.stdout]).toEqual([
      1,
      expect.stringContaining('the later task second stands on it'),
    ]);
    for (const id of ['second', 'first']) expect((await home.ops('undo', id)).exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('before\n');
  });
});

describe('the rollback command of a report', () => {
  it('takes its action back when typed from /', async () => {
    const file = home.path('rollback.conf');
    writeFileSync(file, 'before\n', { mode: 0o600 });
    await home.submit(home.task('rollback-1', [{ action: 'config.file', with: { path: file, content: 'after\n' } }]));
    const { ops_output } = await home.report('rollback-1');
    expect(readFileSync(file, 'utf8')).toBe('after\n');
    const typed = await execa('/bin/sh', ['-c', ops_output.actions_taken[0]?.rollback_command ?? ''], {
      cwd: '/',
      reject: false,
    });
    expect(typed.exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('before\n');
  });
});

describe('what the daemon writes', () => {
  it('is for nobody else, and neither is what its commands make', async () => {
    const made = home.path('made');
    const print = {
      action: 'infra.command',
      with: { argv: ['/bin/sh', '-c', `echo out; umask > ${made}`], undo: ['true'] },
    };
    await home.submit(home.task('modes-1', [print]));
    expect((await home.report('modes-1')).ops_output.status).toBe('completed');
    const files = readdirSync(home.home.var.dir, { recursive: true, encoding: 'utf8' });
    expect(files).toEqual(
      expect.arrayContaining(['ledger.db', 'log/daemon.log', 'output/modes-1.log', 'redis/redis.conf']),
    );
    const open = files.filter((name) => (statSync(join(home.home.var.dir, name)).mode & 0o077) !== 0);
    expect([open, readFileSync(made, 'utf8').trim()]).toEqual([[], '0077']);
  });
});
