import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { TestHome } from './test-home.ts';

const shell = (script: string) => ({
  action: 'infra.command',
  with: { argv: ['/bin/sh', '-c', script], undo: ['/bin/true'] },
});

it.skipIf(process.platform !== 'linux')(
  'F47: a daemon that can open no file more fails the task with the reason, lives, and runs the next one',
  async () => {
    await using home = await TestHome.make();
    await home.start();
    const { pid } = home;
    const limit = (files: string) => execa('prlimit', ['--pid', String(pid), `--nofile=${files}:`]);
    await home.submit(home.task('before', [shell('true')]));
    await home.report('before');
    const file = home.path('a.conf');
    writeFileSync(file, 'old');
    await limit('3');
    await home.submit(home.task('changes', [{ action: 'config.file', with: { path: file, content: 'new' } }]));
    const { ops_output, evidence } = await home.report('changes');
    expect([ops_output.blockers[0]?.message, evidence.outcome]).toEqual([expect.stringContaining('EMFILE'), 'failed']);
    expect(readFileSync(file, 'utf8')).toBe('old');
    const mark = home.path('mark');
    await home.submit(home.task('runs', [shell(`touch ${mark}`)]));
    expect([(await home.report('runs')).evidence.outcome, existsSync(mark)]).toEqual(['completed', true]);
    await limit('1000');
    await home.submit(home.task('good', [{ action: 'config.file', with: { path: file, content: 'new' } }]));
    expect((await home.report('good')).evidence.outcome).toBe('completed');
    expect(home.pid).toBe(pid);
    expect(await home.stop()).toBe(0);
  },
  40_000,
);
