import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, vi } from 'vitest';
import { isAlive, TestHome } from './test-home.ts';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'src/main.ts');
const KEYS = ['level', 'time', 'service', 'task_id', 'action', 'outcome', 'reason', 'duration_ms', 'detail', 'event'];

type Entry = Record<string, unknown>;

const shell = (script: string, undo = 'true') => ({
  action: 'infra.command',
  with: { argv: ['/bin/sh', '-c', script], undo: ['/bin/sh', '-c', undo] },
});

function entriesOf({ home }: TestHome): Entry[] {
  const text = readFileSync(home.var.log, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** A task's life, as its log tells it. */
const lifeOf = (entries: Entry[], taskId: string): unknown[][] =>
  entries.filter(({ task_id }) => task_id === taskId).map(({ event, action, outcome }) => [event, action, outcome]);

describe('the log of a daemon', () => {
  it('tells the life of every task, one event one line, with the same keys and no secret', async () => {
    await using home = await TestHome.make();
    await home.start();
    const file = home.path('a.conf');
    const configFile = { action: 'config.file', with: { path: file, content: 'x' } };
    await home.submit(home.task('completed-1', [configFile, shell('true')]));
    await home.report('completed-1');
    expect((await home.ops('undo', 'completed-1')).exitCode).toBe(0);
    await home.submit(home.task('failed-1', [configFile, shell('echo no room; exit 3')]));
    const held = home.task('held-1', [shell('true')]);
    const job = await home.submit(held, ['manager', 'plan-review']);
    await expect.poll(() => job.getState()).toBe('delayed');
    await home.addControl(await home.sign(held, 'security'));
    await home.submit(home.task('refused-1', [shell('true')], { environment: 'production' }));
    const mark = home.path('mark');
    await home.submit(home.task('vetoed-1', [shell(`touch ${mark}; sleep 60`, 'true')]));
    await expect.poll(() => existsSync(mark), { timeout: 10_000 }).toBe(true);
    await home.control('veto', 'security', 'task:vetoed-1');
    const password = new URL(home.url).password;
    await home.queue('ops-mini-1').add('infra', { nonsense: true }, { jobId: `job-${password}` });
    for (const id of ['failed-1', 'held-1', 'refused-1', 'vetoed-1', 'job-[secret]']) await home.report(id);
    expect(await home.stop()).toBe(0);

    const entries = entriesOf(home);
    expect(entries.filter((entry) => Object.keys(entry).join() !== KEYS.join())).toEqual([]);
    expect(entries.filter(({ service }) => service !== 'savorg-ops')).toEqual([]);
    expect(lifeOf(entries, 'completed-1')).toEqual([
      ['claimed', null, 'claimed'],
      ['step-applied', 'config.file', 'applied'],
      ['step-applied', 'config.file', 'applied'],
      ['step-applied', 'infra.command', 'applied'],
      ['concluded', null, 'completed'],
      ['step-undone', 'infra.command', 'undone'],
      ['step-undone', 'config.file', 'undone'],
      ['undone', null, 'undone'],
    ]);
    expect(lifeOf(entries, 'failed-1')).toEqual([
      ['claimed', null, 'claimed'],
      ['step-applied', 'config.file', 'applied'],
      ['step-applied', 'config.file', 'applied'],
      ['step-failed', 'infra.command', 'failed'],
      ['step-undone', 'infra.command', 'undone'],
      ['step-undone', 'config.file', 'undone'],
      ['concluded', null, 'failed'],
    ]);
    expect(lifeOf(entries, 'held-1').slice(0, 2)).toEqual([
      ['held', null, 'held'],
      ['attested', null, 'cleared'],
    ]);
    expect(lifeOf(entries, 'held-1').at(-1)).toEqual(['concluded', null, 'completed']);
    expect(lifeOf(entries, 'refused-1')).toEqual([['refused', null, 'refused']]);
    expect(lifeOf(entries, 'vetoed-1').map(([event, , outcome]) => [event, outcome])).toEqual([
      ['claimed', 'claimed'],
      ['veto', 'vetoed'],
      ['step-failed', 'failed'],
      ['step-undone', 'undone'],
      ['concluded', 'vetoed'],
    ]);
    const concluded = entries.find(({ task_id, event }) => task_id === 'failed-1' && event === 'concluded');
    expect(concluded).toMatchObject({
      level: 40,
      reason: expect.stringMatching(/^command-failed: step 3 .*exit code 3$/),
    });
    expect(concluded?.['duration_ms']).toBeTypeOf('number');
    expect(lifeOf(entries, 'job-[secret]')).toEqual([['refused', null, 'refused']]);
    const text = readFileSync(home.home.var.log, 'utf8');
    for (const secret of [password, home.key('host').d]) expect(text).not.toContain(secret);
  }, 60_000);
});

/** The daemon's word on a task that is submitted now. */
async function runsAndLogs(home: TestHome, taskId: string): Promise<void> {
  await home.submit(home.task(taskId, [shell('true')]));
  await home.report(taskId);
  expect(lifeOf(entriesOf(home), taskId).at(-1)).toEqual(['concluded', null, 'completed']);
}

describe('a daemon that nobody reads any more', () => {
  it('F16: goes on and logs when its pipes are closed, and its log comes back when there is room for it again', async () => {
    await using home = await TestHome.make();
    const daemon = execa(process.execPath, [join(ROOT, 'src/main.ts'), '--home', home.root], { reject: false });
    await home.ready(() => daemon.nodeChildProcess.exitCode);
    daemon.stdout.destroy();
    daemon.stderr.destroy();
    const folder = dirname(home.home.var.log);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'in the way');
    // Now it has something to say on standard error.
    await home.submit(home.task('unlogged', [shell('true')]));
    await home.report('unlogged');
    rmSync(folder);
    await runsAndLogs(home, 'logged');
    daemon.kill('SIGTERM');
    expect((await daemon).exitCode).toBe(0);
  }, 40_000);

  it.runIf(process.platform === 'linux').each([
    ['src/main.ts', []],
    ['src/cli/main.ts', ['up']],
  ])(
    'F16: goes on and logs when its terminal is closed: %s',
    async (entry, verb) => {
      await using home = await TestHome.make();
      const command = [process.execPath, join(ROOT, entry), '--home', home.root, ...verb].join(' ');
      const terminal = execa('script', ['-qefc', command, '/dev/null'], { reject: false, stdin: 'pipe' });
      let shown = '';
      terminal.stdout.on('data', (chunk) => {
        shown += chunk;
      });
      await home.ready(() => terminal.nodeChildProcess.exitCode);
      await vi.waitFor(() => expect(shown).toMatch(/Z {2}INFO {3}ready/));
      const { pid } = JSON.parse(readFileSync(home.home.var.daemon, 'utf8'));
      terminal.kill('SIGKILL');
      await terminal;
      await runsAndLogs(home, 'unseen');
      await runsAndLogs(home, 'unseen-too');
      process.kill(pid, 'SIGTERM');
      await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 15_000 });
      expect(entriesOf(home).at(-1)).toMatchObject({ event: 'stopped' });
    },
    40_000,
  );
});

describe('a fault that nobody expected', () => {
  it.each([
    ['an error', "new Error('out of luck')", 'Error: out of luck'],
    ['a text', "'out of luck'", 'Error: out of luck'],
    ['nothing', 'null', 'Error: null'],
  ])(
    'is in the log, and ends the daemon with 1: %s',
    async (_what, thrown, reason) => {
      const code = `process.on('SIGWINCH', () => { throw ${thrown}; });`;
      await using home = await TestHome.make();
      const argv = ['--import', `data:text/javascript,${encodeURIComponent(code)}`, MAIN, '--home', home.root];
      const daemon = execa(process.execPath, argv, { reject: false, stdin: 'ignore', forceKillAfterDelay: false });
      await home.ready();
      daemon.kill('SIGWINCH');
      expect((await daemon).exitCode).toBe(1);
      expect(entriesOf(home).at(-1)).toMatchObject({ level: 60, event: 'the daemon cannot go on' });
      expect(entriesOf(home).at(-1)?.['reason']).toContain(reason);
    },
    30_000,
  );
});
