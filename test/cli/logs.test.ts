import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { homeOf } from '../../src/config.ts';
import type { Home } from '../../src/home.ts';
import { temporaryFolder } from '../services/support.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');

let home: Home;

/** A home without a configuration, in which no daemon runs. */
beforeEach(() => {
  home = homeOf(temporaryFolder());
  mkdirSync(dirname(home.var.log), { recursive: true });
});

const line = (event: string, more: object = {}) =>
  `${JSON.stringify({ level: 30, time: '2026-11-23T09:00:00.000Z', service: 'savorg-ops', ...more, event })}\n`;

function logs(...args: string[]) {
  const command = [CLI, '--home', home.root, 'logs', ...args];
  return execa(process.execPath, command, { reject: false, forceKillAfterDelay: false });
}

/** What it has printed so far, while it follows. */
function following(...args: string[]) {
  const process = logs('--follow', ...args);
  let text = '';
  process.stdout.on('data', (chunk) => {
    text += chunk;
  });
  return { process, events: () => text.match(/e\d+/g) ?? [] };
}

describe('ops logs', () => {
  it('prints the newest lines readable, through the old files, without a daemon', async () => {
    writeFileSync(`${home.var.log}.1`, line('old') + line('older-than-100') + line('e').repeat(99));
    writeFileSync(
      home.var.log,
      line('concluded', { task_id: 't-1', outcome: 'failed', reason: 'a\u202e\nb', duration_ms: 5 }),
    );
    const { stdout, exitCode } = await logs();
    const lines = stdout.split('\n');
    expect([exitCode, lines.length, lines[0]]).toEqual([0, 101, '2026-11-23T09:00:00.000Z  INFO   e']);
    expect(lines.slice(-2)).toEqual([
      '2026-11-23T09:00:00.000Z  INFO   t-1  concluded  failed  5 ms: a\\u202e',
      '    b',
    ]);
  });

  it('prints as many lines of one task as it is asked for, also as they stand in the file', async () => {
    const mine = [1, 2, 3].map((n) => line(`e${n}`, { task_id: 'mine' }));
    const others = line('e9', { task_id: 'others', reason: 'names mine' }).repeat(500);
    writeFileSync(home.var.log, mine.join(others));
    expect((await logs('--task', 'mine', '--lines', '2', '--json')).stdout).toBe(mine.slice(1).join('').trimEnd());
  });

  it('says where it looked when there is nothing', async () => {
    const { exitCode, stderr } = await logs('--task', 'nobody');
    expect([exitCode, stderr]).toEqual([1, `ops: there is nothing of this in ${home.var.log}`]);
  });

  it('says what it cannot read, without a stack', async () => {
    rmSync(dirname(home.var.log), { recursive: true });
    writeFileSync(dirname(home.var.log), '');
    const { exitCode, stderr } = await logs();
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^ops: cannot read .*daemon\.log \(ENOTDIR.*root$/)]);
  });

  it('shows a line that is none of ours, without what a terminal would obey', async () => {
    writeFileSync(home.var.log, `\u001b[2Jforged\u009b\n{"half\n`);
    expect((await logs()).stdout).toBe('\\u001b[2Jforged\\u009b\n{"half');
  });
});

describe('ops logs --follow', () => {
  it('goes on with what comes, across a move of the file, until Ctrl-C', async () => {
    writeFileSync(home.var.log, line('e1', { task_id: 't' }));
    const { process, events } = following('--task', 't');
    await vi.waitFor(() => expect(events()).toEqual(['e1']), { timeout: 10_000 });
    const half = line('e2', { task_id: 't' });
    appendFileSync(home.var.log, line('e7', { task_id: 'x' }) + half.slice(0, 20));
    appendFileSync(home.var.log, half.slice(20));
    await vi.waitFor(() => expect(events()).toEqual(['e1', 'e2']), { timeout: 5_000 });
    renameSync(home.var.log, `${home.var.log}.1`);
    appendFileSync(`${home.var.log}.1`, line('e3', { task_id: 't' }));
    writeFileSync(home.var.log, line('e4', { task_id: 't' }));
    await vi.waitFor(() => expect(events()).toEqual(['e1', 'e2', 'e3', 'e4']), { timeout: 5_000 });
    process.kill('SIGINT');
    expect((await process).signal).toBe('SIGINT');
  });

  it('ends when nobody reads any more', async () => {
    writeFileSync(home.var.log, line('e1'));
    const { process, events } = following();
    await vi.waitFor(() => expect(events()).toEqual(['e1']), { timeout: 10_000 });
    process.stdout.destroy();
    const more = setInterval(() => appendFileSync(home.var.log, line('e2')), 50);
    expect((await process).exitCode).toBe(0);
    clearInterval(more);
  });
});
