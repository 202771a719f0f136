import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import {
  type Process,
  PS,
  parsePs,
  readProc,
  readProcess,
  sharedReader,
  treeBelow,
} from '../../src/runner/process-table.ts';

const entry = (pid: number, parent: number): Process => ({
  pid,
  parent,
  group: pid,
  start: pid,
  zombie: false,
  program: 'x',
});

describe('the process table', () => {
  it('reads what ps prints, on macOS too', () => {
    const lines = [
      '    1     0     1 Ss   Mon Sep 21 09:00:00 2026     /sbin/launchd',
      '  501     1   501 Z+   Tue Sep  1 23:59:59 2026     (node)',
      ' 9000   501   501 S    Tue Sep  1 23:59:59 2026     /Applications/My App.app/Contents/MacOS/My App',
      'nonsense',
    ];
    expect(parsePs(lines.join('\n'))).toEqual([
      { pid: 1, parent: 0, group: 1, start: Date.UTC(2026, 8, 21, 9), zombie: false, program: 'launchd' },
      { pid: 501, parent: 1, group: 501, start: Date.UTC(2026, 8, 1, 23, 59, 59), zombie: true, program: '(node)' },
      { pid: 9000, parent: 501, group: 501, start: Date.UTC(2026, 8, 1, 23, 59, 59), zombie: false, program: 'My App' },
    ]);
  });

  it('finds this process by the real ps', async () => {
    const { stdout } = await promisify(execFile)(PS.file, PS.args, { env: PS.env });
    expect(parsePs(stdout)).toContainEqual(expect.objectContaining({ pid: process.pid, parent: process.ppid }));
  });

  it.runIf(process.platform === 'linux')('finds this process in /proc', () => {
    const self = readProcess(process.pid);
    expect(self).toMatchObject({ parent: process.ppid, zombie: false });
    expect(readProc()).toContainEqual(self);
  });

  it.runIf(process.platform === 'linux')('reads a program whose name holds parentheses and blanks', async () => {
    const child = spawn('perl', ['-e', String.raw`$| = 1; $0 = "a) Z (b"; print "\n"; sleep 60`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    expect(readProcess(child.pid ?? 0)).toMatchObject({ program: 'a) Z (b', parent: process.pid, zombie: false });
    child.kill('SIGKILL');
  });

  it('has no entry for what is gone', () => {
    expect(readProcess(2 ** 30)).toBeNull();
  });

  it('gives the tree below, across any order, and survives a circle', () => {
    const table = [entry(4, 3), entry(3, 2), entry(2, 1), entry(9, 1), entry(5, 6), entry(6, 5)];
    expect(treeBelow(table, [2]).map(({ pid }) => pid)).toEqual([3, 4]);
    expect(treeBelow(table, [5]).map(({ pid }) => pid)).toEqual([6]);
  });

  it('is read once for all who ask in one tick, and anew for who asks while it is read', async () => {
    const gate = Promise.withResolvers<Process[]>();
    const read = vi.fn<() => Promise<Process[]>>(() => gate.promise);
    const shared = sharedReader(read);
    const early = [shared(), shared()];
    await vi.waitFor(() => expect(read).toHaveBeenCalledTimes(1));
    const late = shared();
    await vi.waitFor(() => expect(read).toHaveBeenCalledTimes(2));
    gate.resolve([]);
    expect(await Promise.all([...early, late])).toEqual([[], [], []]);
  });
});
