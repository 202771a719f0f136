import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { endProcesses } from '../../src/runner/ending.ts';
import { type Process, PS, parsePs } from '../../src/runner/process-table.ts';
import { living, PATH, Printed, script } from '../fixtures/commands/commands.ts';

const readByPs = async (): Promise<Process[]> =>
  parsePs((await promisify(execFile)(PS.file, PS.args, { env: PS.env })).stdout);

/** Leaves its child unreaped, the leader of a group of its own. */
const makeZombie = String.raw`$| = 1; my $p = fork; if (!$p) { setpgrp; exit } print "$p\n"; sleep 60`;
const blind = (): Promise<Process[]> => Promise.reject(new Error('EAGAIN'));

/** A group leader, once it and its children have printed so many pids. */
async function started(argv: string[], lines: number): Promise<{ child: ChildProcess; group: number; pids: number[] }> {
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    detached: true,
    env: { PATH },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const printed = new Printed();
  child.stdout.on('data', (chunk: Buffer) => void printed.take(chunk));
  await vi.waitFor(() => expect(printed.pids).toHaveLength(lines));
  return { child, group: child.pid ?? 0, pids: printed.pids };
}

const startOf = async (pid: number): Promise<number> => (await readByPs()).find((one) => one.pid === pid)?.start ?? 0;

describe('the ending of processes', () => {
  it('works by ps as by /proc, group and tree', async () => {
    const { group, pids } = await started(['/bin/sh', script('crowd.sh')], 3);
    const target = { group, start: await startOf(group), tree: true };
    expect(await endProcesses(target, 200, readByPs)).toEqual({ forced: true, alive: [] });
    expect(await living(pids)).toEqual([]);
  });

  it('leaves the tree outside the group alone unless asked', async () => {
    const { group, pids } = await started(['/bin/sh', script('crowd.sh')], 3);
    const target = { group, start: await startOf(group), tree: false };
    expect(await endProcesses(target, 200, readByPs)).toEqual({ forced: true, alive: [] });
    const [outside = 0, ...others] = await living(pids);
    expect(others).toEqual([]);
    process.kill(outside, 'SIGKILL');
  });

  it('signals nobody when the leader is another one than expected', async () => {
    const { group, pids } = await started(['/bin/sh', '-c', 'echo $$; exec sleep 60'], 1);
    const target = { group, start: (await startOf(group)) - 10_000, tree: true };
    expect(await endProcesses(target, 200, readByPs)).toEqual({ forced: false, alive: [] });
    expect(await living(pids)).toEqual(pids);
  });

  it('ends the group even where the table cannot be read', async () => {
    const { group, pids } = await started(['/bin/sh', script('ignore-term.sh')], 1);
    expect(await endProcesses({ group, start: 1, tree: true }, 100, blind)).toEqual({ forced: true, alive: [] });
    expect(await living(pids)).toEqual([]);
  });

  it('finds nothing to do where only zombies are left', async () => {
    const { pids } = await started(['perl', '-e', makeZombie], 1);
    const group = pids[0] ?? 0;
    await vi.waitFor(async () => expect(await living([group])).toEqual([]));
    const target = { group, start: await startOf(group), tree: true };
    expect(await endProcesses(target, 50, readByPs)).toEqual({ forced: false, alive: [] });
  });

  it('F41: gives up on what not even KILL ends, and names it', async () => {
    // A zombie that its parent does not reap, and a table that calls it alive: like a process stuck in the kernel.
    const { pids } = await started(['perl', '-e', makeZombie], 1);
    const group = pids[0] ?? 0;
    const stuck: Process = { pid: group, parent: 1, group, start: 5, zombie: false, program: 'stuck' };
    const ending = await endProcesses({ group, start: 5, tree: true }, 50, () => Promise.resolve([stuck]));
    expect(ending).toEqual({ forced: true, alive: [stuck] });
  });
});
