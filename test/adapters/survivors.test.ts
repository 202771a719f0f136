import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readBootId, readProcesses } from '../../src/adapters/processes.ts';
import { sweepSurvivors } from '../../src/adapters/survivors.ts';
import type { RunRecord } from '../../src/runner/messages.ts';
import { living, PATH, script, temporaryFolder } from '../fixtures/commands/commands.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

const sweep = (justDied = false) => sweepSurvivors({ runDir: folder.path, graceMs: 200, justDied });

/** A group leader as a runner would have left it, with the pids it printed. */
async function leftover(argv: readonly string[], lines: number): Promise<{ child: ChildProcess; pids: number[] }> {
  const child = spawn('/bin/sh', argv, { detached: true, env: { PATH }, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.split('\n').length > lines) break;
  }
  return { child, pids: text.trim().split('\n').map(Number) };
}

async function note(pid: number, given: Partial<RunRecord> = {}): Promise<string> {
  const found = (await readProcesses()).find((process) => process.pid === pid);
  const record: RunRecord = {
    pid,
    start: found?.start ?? 0,
    boot_id: await readBootId(),
    task_id: 'deploy-web',
    step: 2,
    ...given,
  };
  const path = join(folder.path, `${pid}.json`);
  writeFileSync(path, JSON.stringify(record));
  return path;
}

describe('the sweep of survivors', () => {
  it('ends a command that is still there, its group and its tree, and names it', async () => {
    const { child, pids } = await leftover([script('crowd.sh')], 3);
    const pid = child.pid ?? 0;
    await note(pid);
    expect(await sweep()).toEqual([{ pid, task_id: 'deploy-web', step: 2, fate: 'ended', leftRunning: [] }]);
    expect(await living(pids)).toEqual([]);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('F10: leaves a process alone whose pid was another one, or in another boot', async () => {
    const { child, pids } = await leftover(['-c', 'echo $$; exec sleep 60'], 1);
    const pid = child.pid ?? 0;
    const start = (await readProcesses()).find((process) => process.pid === pid)?.start ?? 0;
    for (const wrong of [{ start: start - 10_000 }, { boot_id: 'an earlier boot' }]) {
      const path = await note(pid, wrong);
      expect(await sweep()).toEqual([]);
      expect(existsSync(path)).toBe(false);
      expect(await living(pids)).toEqual(pids);
    }
  });

  it('F10: leaves the group of a stranger alone that got the number of an earlier runner', async () => {
    const { child, pids } = await leftover(['-c', 'sleep 60 & echo $!'], 1);
    if (child.exitCode === null) await once(child, 'exit');
    const runner = { pid: child.pid, start: 1, boot_id: await readBootId(), starting: null };
    writeFileSync(join(folder.path, 'runner.json'), JSON.stringify(runner));
    expect(await sweep()).toEqual([]);
    expect(readdirSync(folder.path)).toEqual([]);
    expect(await living(pids)).toEqual(pids);
    process.kill(pids[0] ?? Number.NaN, 'SIGKILL');
  });

  it.each(['mkfifo', 'mkdir'])(
    'T18: waits for nobody where a command put something else in place of the records: %s',
    async (program) => {
      for (const name of ['runner.json', '77.json']) execFileSync(program, [join(folder.path, name)]);
      const unidentified = { pid: 77, task_id: null, step: null, fate: 'unidentified', leftRunning: [] };
      expect(await sweep()).toEqual([unidentified]);
      expect(readdirSync(folder.path)).toEqual([]);
    },
  );

  it('forgets what has gone by itself', async () => {
    const path = await note(2 ** 22 + 1);
    expect(await sweep()).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });

  it.each(['', '{"pid":-1}', '{"pid":1,"start":1,"boot_id":"x","task_id":"x","step":1}', 'null'])(
    'reports a record it cannot read, and signals nobody: %s',
    async (text) => {
      writeFileSync(join(folder.path, '77.json'), text);
      const unidentified = { pid: 77, task_id: null, step: null, fate: 'unidentified', leftRunning: [] };
      expect(await sweep()).toEqual([unidentified]);
      expect(readdirSync(folder.path)).toEqual([]);
    },
  );

  it('leaves a group without its leader alone and names it, for it may be a stranger by now', async () => {
    const { child, pids } = await leftover(['-c', 'sleep 60 & echo $!'], 1);
    if (child.exitCode === null) await once(child, 'exit');
    const pid = child.pid ?? 0;
    await note(pid, { start: 1 });
    const found = { pid, task_id: 'deploy-web', step: 2 };
    expect(await sweep()).toEqual([
      { ...found, fate: 'unidentified', leftRunning: [expect.stringMatching(`^${pids[0]} (?:sh|sleep)$`)] },
    ]);
    expect(await living(pids)).toEqual(pids);
    await note(pid, { start: 1 });
    expect(await sweep(true)).toEqual([{ ...found, fate: 'ended', leftRunning: [] }]);
    expect(await living(pids)).toEqual([]);
  });

  it('finds nothing where no runner ever was', async () => {
    expect(await sweepSurvivors({ runDir: join(folder.path, 'none'), graceMs: 1 })).toEqual([]);
  });

  it('ends what a killed daemon and its killed runner left', async () => {
    const daemon = spawn(process.execPath, [script('daemon.ts'), folder.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void daemon.kill('SIGKILL'));
    const [line] = await once(daemon.stdout, 'data');
    const { runner, pids } = JSON.parse(String(line)) as { runner: number; pids: number[] };
    process.kill(runner, 'SIGSTOP');
    daemon.kill('SIGKILL');
    process.kill(runner, 'SIGKILL');
    await expect.poll(() => living([runner])).toEqual([]);
    expect(await living(pids)).toHaveLength(9);
    expect(await sweep()).toHaveLength(3);
    expect(await living(pids)).toEqual([]);
  });

  it('F4: ends the runner of a dead daemon first: what still waits in its pipe never runs', async () => {
    const daemon = spawn(process.execPath, [script('daemon.ts'), folder.path], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void daemon.kill('SIGKILL'));
    const [line] = await once(daemon.stdout, 'data');
    const { runner, pids } = JSON.parse(String(line)) as { runner: number; pids: number[] };
    process.kill(runner, 'SIGSTOP');
    const path = join(folder.path, 'touched');
    daemon.stdin.write(path);
    await once(daemon.stdout, 'data');
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');
    expect(await sweep()).toHaveLength(3);
    if ((await living([runner])).length > 0) process.kill(runner, 'SIGCONT');
    await expect.poll(() => living([runner, ...pids])).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });

  it('F3: names a command whose runner died while it started it: nobody knows its pid', async () => {
    const starting = { task_id: 'deploy-web', step: 2, program: '/bin/sh' };
    const record = { pid: 2 ** 22 + 1, start: 1, boot_id: await readBootId(), starting };
    writeFileSync(join(folder.path, 'runner.json'), JSON.stringify(record));
    const lost = { pid: null, task_id: 'deploy-web', step: 2, fate: 'unidentified', leftRunning: ['? /bin/sh'] };
    expect(await sweep()).toEqual([lost]);
    expect(await sweep()).toEqual([]);
  });

  it('knows a command by its record, whether its runner still noted that it started it or not', async () => {
    const { child } = await leftover(['-c', 'echo $$; exec sleep 60'], 1);
    const pid = child.pid ?? 0;
    await note(pid);
    const starting = { task_id: 'deploy-web', step: 2, program: '/bin/sh' };
    const record = { pid: 2 ** 22 + 1, start: 1, boot_id: await readBootId(), starting };
    writeFileSync(join(folder.path, 'runner.json'), JSON.stringify(record));
    expect(await sweep()).toEqual([{ pid, task_id: 'deploy-web', step: 2, fate: 'ended', leftRunning: [] }]);
  });
});
