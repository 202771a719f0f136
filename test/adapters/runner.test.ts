import { execFile, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readBootId, readProcesses } from '../../src/adapters/processes.ts';
import { Runner, type RunnerOptions } from '../../src/adapters/runner.ts';
import type { CommandExit, CommandRequest } from '../../src/services/commands.ts';
import { clock, command, living, Printed, script, shell, temporaryFolder } from '../fixtures/commands/commands.ts';

const isLinux = process.platform === 'linux';
const never = new AbortController().signal;
const folder = temporaryFolder();
const common = new Runner({ runDir: join(folder.path, 'run'), clock });
beforeAll(() => common.start());
afterAll(async () => {
  await common.stop();
  folder[Symbol.dispose]();
});

async function run(request: CommandRequest, signal = never): Promise<CommandExit & { printed: Printed }> {
  const printed = new Printed();
  return { ...(await common.run(request, signal, printed.take)), printed };
}

/** A runner of the test's own, to be killed. */
async function ownRunner(given: Partial<RunnerOptions> = {}): Promise<{ runner: Runner; runDir: string }> {
  const own = temporaryFolder();
  const runner = new Runner({ runDir: own.path, clock, ...given });
  onTestFinished(async () => {
    await runner.stop();
    own[Symbol.dispose]();
  });
  await runner.start();
  return { runner, runDir: own.path };
}

const recordsIn = (runDir: string) => readdirSync(runDir).filter((name) => /^\d+\.json$/.test(name));

async function untilGone(pids: readonly number[], timeout = 3_000): Promise<void> {
  await expect.poll(() => living(pids), { timeout }).toEqual([]);
}

describe('a command', () => {
  it('reports its exit code, and what it printed on both streams', async () => {
    const exit = await run(shell('echo out; echo err >&2; exit 7'));
    expect(exit).toMatchObject({ ended: 'exit', exitCode: 7, signal: null, message: '', leftRunning: [] });
    expect(exit.printed.text.split('\n').toSorted()).toEqual(['', 'err', 'out']);
    expect(exit.durationMs).toBeGreaterThan(0);
  });

  it('F44: reports the signal that ended it', async () => {
    expect(await run(shell('kill -SEGV $$'))).toMatchObject({ ended: 'exit', exitCode: null, signal: 'SIGSEGV' });
  });

  it('gets its stdin, then the end of it', async () => {
    const stdin = 'ä\n'.repeat(100_000);
    expect((await run(command(['cat'], { stdin }))).printed.text).toBe(stdin);
    expect((await run(command(['cat']))).printed.text).toBe('');
  });

  it('need not read its stdin', async () => {
    expect(await run(shell('exit 0', { stdin: 'x'.repeat(4_000_000) }))).toMatchObject({ exitCode: 0 });
  });

  it('T17: has exactly the environment given, and its directory', async () => {
    const env = { ONLY: 'this', EMPTY: '' };
    expect((await run(command(['/usr/bin/env'], { env }))).printed.text).toBe('ONLY=this\nEMPTY=\n');
    expect((await run(command(['pwd'], { cwd: '/usr' }))).printed.text).toBe('/usr\n');
  });

  it.runIf(isLinux)('T17: has no other open file than stdin, stdout and stderr', async () => {
    using own = temporaryFolder();
    const left = openSync(join(own.path, 'left-open'), 'w');
    const holes = Array.from({ length: 37 }, () => 'ignore' as const);
    const stdio: StdioOptions = ['ignore', 'pipe', 'inherit', ...holes, left];
    const daemon = spawn(process.execPath, [script('open-files.ts'), own.path], { stdio });
    closeSync(left);
    let stdout = '';
    daemon.stdout?.on('data', (chunk) => (stdout += String(chunk)));
    await once(daemon, 'close');
    expect(stdout).toBe('0\n1\n2\n');
  });

  it('has a process group of its own, and is noted while it runs', async () => {
    const printed = new Printed();
    const done = common.run(
      shell('echo $$; read line', { stdin: ' '.repeat(10), task_id: 'a', step: 3 }),
      never,
      printed.take,
    );
    const slow = new AbortController();
    const seen = new Printed();
    const sleeping = common.run(shell('echo $$; exec sleep 60', { task_id: 'b', step: 4 }), slow.signal, seen.take);
    await vi.waitFor(() => expect(seen.pids).toHaveLength(1));
    const [pid = 0] = seen.pids;
    const path = join(folder.path, 'run', `${pid}.json`);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      pid,
      start: expect.any(Number),
      boot_id: await readBootId(),
      task_id: 'b',
      step: 4,
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(process.kill(-pid, 0)).toBe(true);
    slow.abort();
    await Promise.all([done, sleeping]);
    expect(existsSync(path)).toBe(false);
  });
});

describe('F44: a command that cannot be started', () => {
  it.each([
    ['no such program', command(['nope']), 'ENOENT: no program nope'],
    ['not executable', command([script('commands.ts')]), 'EACCES: may not execute'],
    ['no such directory', command(['true'], { cwd: '/no/where' }), 'directory /no/where does not exist'],
    ['too long', command(['echo', 'x'.repeat(3_000_000)]), 'E2BIG'],
    ['no argv', command([]), 'argv names no program'],
    ['a NUL in it', command(['echo', 'a\0b']), 'null bytes'],
    ['more than a frame', command(['cat'], { stdin: 'x'.repeat(65 * 1024 * 1024) }), 'over 64 MiB'],
  ])('says why: %s', async (_, request, text) => {
    const exit = await run(request);
    expect(exit).toMatchObject({ ended: 'not-started', exitCode: null, signal: null, leftRunning: [] });
    expect(exit.message).toContain(text);
  });

  it('was aborted before', async () => {
    expect(await run(command(['true']), AbortSignal.abort())).toMatchObject({ ended: 'not-started' });
  });
});

describe('a command that goes too far', () => {
  it('is ended at its time limit', async () => {
    const exit = await run(command(['sleep', '60'], { timeoutMs: 100 }));
    expect(exit).toMatchObject({
      ended: 'timeout',
      exitCode: null,
      signal: 'SIGTERM',
      message: 'it ran longer than 100 ms',
    });
    expect(exit.durationMs).toBeLessThan(400);
  });

  it('F38: is killed after the grace when it ignores TERM, with all its group and the tree below', async () => {
    const exit = await run(command(['/bin/sh', script('crowd.sh')], { timeoutMs: 500 }));
    expect(exit).toMatchObject({ ended: 'timeout', leftRunning: [] });
    expect(exit.message).toContain('did not end within 300 ms of TERM and was killed');
    expect(exit.printed.pids).toHaveLength(3);
    expect(await living(exit.printed.pids)).toEqual([]);
  });

  it('may say its last words when it is ended', async () => {
    const exit = await run(shell('trap "echo bye; exit 3" TERM; echo hi; sleep 60 & wait', { timeoutMs: 200 }));
    expect(exit).toMatchObject({ ended: 'timeout', exitCode: 3 });
    expect(exit.printed.text).toBe('hi\nbye\n');
  });

  it('F41: is killed though it is stopped', async () => {
    expect(await run(shell('kill -STOP $$', { timeoutMs: 100 }))).toMatchObject({
      ended: 'timeout',
      signal: 'SIGKILL',
    });
  });

  it('is ended when aborted, and the first cause counts', async () => {
    const controller = new AbortController();
    const printed = new Printed();
    const ignoring = command(['/bin/sh', script('ignore-term.sh')], { timeoutMs: 400 });
    const done = common.run(ignoring, controller.signal, printed.take);
    await vi.waitFor(() => expect(printed.pids).toHaveLength(1));
    controller.abort();
    expect(await done).toMatchObject({ ended: 'aborted', signal: 'SIGKILL' });
  });

  it('F43, T26: is ended at its output limit, which is delivered to the byte', async () => {
    const exit = await run(command(['yes'], { outputLimitBytes: 100_001 }));
    expect(exit).toMatchObject({ ended: 'output-limit', message: 'it printed more than 100001 bytes' });
    expect(exit.printed.text).toHaveLength(100_001);
  });

  it('F42: is ended whole when it forks without end', async () => {
    const bomb = 'i=0; while [ $i -lt 150 ]; do (trap "" TERM; sleep 60) & i=$((i+1)); done; echo $$; wait';
    const exit = await run(shell(bomb, { timeoutMs: 1_500 }));
    expect(exit).toMatchObject({ ended: 'timeout', leftRunning: [] });
    const [leader] = exit.printed.pids;
    const members = (await readProcesses()).filter(({ group, zombie }) => group === leader && !zombie);
    expect(members).toEqual([]);
  });
});

describe('what a command leaves behind', () => {
  it('F40: is ended when in its group, though it holds the output', async () => {
    const exit = await run(shell('sleep 60 & echo $!; exit 4'));
    expect(exit).toMatchObject({ ended: 'exit', exitCode: 4, leftRunning: [] });
    expect(exit.message).toContain('still held open');
    expect(exit.durationMs).toBeLessThan(2_000);
    expect(await living(exit.printed.pids)).toEqual([]);
  });

  it('is ended when in its group and silent, by KILL if need be', async () => {
    const exit = await run(shell(`sh ${script('ignore-term.sh')} >/dev/null 2>&1 & echo $!; sleep 0.1`));
    expect(exit).toMatchObject({ ended: 'exit', exitCode: 0, leftRunning: [], message: '' });
    expect(await living(exit.printed.pids)).toEqual([]);
  });

  it.runIf(isLinux)('F39, F40: is named when it left the group and holds the output', async () => {
    const exit = await run(shell(`perl ${script('leave-session.pl')} sleep 60 & sleep 0.1`));
    const [pid = 0] = exit.printed.pids;
    expect(exit).toMatchObject({
      ended: 'exit',
      exitCode: 0,
      leftRunning: [expect.stringMatching(`^${pid} (?:perl|sleep)$`)],
    });
    process.kill(pid, 'SIGKILL');
  });

  it('F39: is named when it left the group and its parent did not', async () => {
    const leaver = `perl ${script('leave-session.pl')} sleep 60`;
    const exit = await run(shell(`(${leaver} & wait) & sleep 0.2`));
    const [pid = 0] = exit.printed.pids;
    expect(exit).toMatchObject({
      ended: 'exit',
      exitCode: 0,
      leftRunning: [expect.stringMatching(`^${pid} (?:perl|sleep)$`)],
    });
    process.kill(pid, 'SIGKILL');
  });
});

const daemonized = (redirect: string) =>
  shell(`(perl ${script('leave-session.pl')} sleep 60 ${redirect} &) ; sleep 0.2; echo done`);

describe('what forks twice and leaves its group', () => {
  it.runIf(isLinux)('F39: is named where it holds the output, and not waited for', async () => {
    const exit = await run(daemonized(''));
    const [pid = 0] = exit.printed.pids;
    expect(exit).toMatchObject({ ended: 'exit', exitCode: 0, leftRunning: [`${pid} sleep`] });
    expect(exit.durationMs).toBeLessThan(2_000);
    process.kill(pid, 'SIGKILL');
  });

  it('F39: cannot be seen where it holds nothing; the command is over all the same', async () => {
    using own = temporaryFolder();
    const said = join(own.path, 'pid');
    const exit = await run(daemonized(`>${said} 2>&1`));
    expect(exit).toMatchObject({ ended: 'exit', exitCode: 0, leftRunning: [] });
    expect(exit.durationMs).toBeLessThan(2_000);
    const pid = Number(readFileSync(said, 'utf8'));
    expect(await living([pid])).toEqual([pid]);
    process.kill(pid, 'SIGKILL');
  });
});

describe('output', () => {
  it('F44: that is closed early says nothing of how the command ends', async () => {
    const exit = await run(shell('echo last; exec >&- 2>&-; sleep 0.3; exit 6'));
    expect(exit).toMatchObject({ ended: 'exit', exitCode: 6, message: '', leftRunning: [] });
    expect(exit.printed.text).toBe('last\n');
    expect(exit.durationMs).toBeGreaterThan(250);
  });

  it('holds the command back while nobody takes it, and others go on', async () => {
    const gate = Promise.withResolvers<void>();
    let bytes = 0;
    const done = common.run(shell('head -c 20000000 /dev/zero; echo $$ >&2'), never, async (chunk) => {
      bytes += chunk.length;
      await gate.promise;
    });
    await vi.waitFor(() => expect(bytes).toBeGreaterThan(0));
    expect(await run(command(['sleep', '0.3']))).toMatchObject({ exitCode: 0 });
    expect(bytes).toBeLessThan(200_000);
    gate.resolve();
    expect(await done).toMatchObject({ ended: 'exit', exitCode: 0, message: '' });
    expect(bytes).toBeGreaterThan(20_000_000);
  });

  it('is whole though it is taken long after the exit', async () => {
    const gate = Promise.withResolvers<void>();
    const printed = new Printed();
    const request = shell('echo $$; exec head -c 1130000 /dev/zero');
    const done = common.run(request, never, async (chunk) => {
      await printed.take(chunk);
      await gate.promise;
    });
    await vi.waitFor(() => expect(printed.pids).toHaveLength(1));
    await untilGone(printed.pids);
    await run(command(['sleep', '0.8']));
    gate.resolve();
    expect(await done).toMatchObject({ ended: 'exit', message: '' });
    expect(printed.text.split('\n')[1]).toHaveLength(1_130_000);
  });

  it('that cannot be kept does not stop the command', async () => {
    const exit = await common.run(shell('echo a; sleep 0.1; echo b; exit 5'), never, async () => {
      throw new Error('disk full');
    });
    expect(exit).toMatchObject({ ended: 'exit', exitCode: 5, message: 'its output could not be kept (disk full)' });
  });

  it.runIf(isLinux).each([
    ['a slow receiver', '4000000000', '1', 20, { ended: 'exit', bytes: 1_073_741_824 }],
    ['a limit', '200000000', '1', 20, { ended: 'output-limit', bytes: 200_000_000 }],
    ['a fast receiver', '4000000000', '0', 150, { ended: 'exit', bytes: 1_073_741_824 }],
  ])(
    'F43, T26: of 1 GiB without a newline takes no memory: %s',
    { timeout: 30_000 },
    async (_, limit, delayMs, leastMbPerSecond, expected) => {
      using own = temporaryFolder();
      const { stdout } = await promisify(execFile)(process.execPath, [script('flood.ts'), own.path, limit, delayMs]);
      const measured = JSON.parse(stdout);
      expect(measured).toMatchObject(expected);
      expect(measured.grownMb.daemon).toBeLessThan(50);
      expect(measured.grownMb.runner).toBeLessThan(50);
      expect(measured.mbPerSecond).toBeGreaterThan(leastMbPerSecond);
    },
  );
});

describe('the runner', () => {
  it('notes one command after the other in the same file', async () => {
    const { runner, runDir } = await ownRunner();
    for (const task_id of ['first-and-longer', 'second'])
      await runner.run(shell('true', { task_id }), never, async () => undefined);
    expect(readdirSync(runDir)).toEqual(['runner.json', 'spare-0']);
    expect(JSON.parse(readFileSync(join(runDir, 'spare-0'), 'utf8'))).toMatchObject({ task_id: 'second' });
  });

  it('runs a hundred commands at once', async () => {
    const exits = await Promise.all(Array.from({ length: 100 }, (_, i) => run(shell(`echo ${i}; exit ${i}`))));
    expect(exits.map((exit) => exit.exitCode)).toEqual(exits.map((_, i) => i));
    expect(exits.map((exit) => exit.printed.text)).toEqual(exits.map((_, i) => `${i}\n`));
    expect(recordsIn(join(folder.path, 'run'))).toEqual([]);
  });

  it.runIf(isLinux)('T17: has nothing of the daemon in its environment but where compiled code is kept', async () => {
    const { runner } = await ownRunner();
    await runner.run(command(['true']), never, async () => undefined);
    expect(readFileSync(`/proc/${runner.pid}/environ`, 'utf8')).toMatch(/^(NODE_COMPILE_CACHE=[^\0]+\0)?$/);
  });

  it('ignores signals', async () => {
    const { runner } = await ownRunner();
    const pid = runner.pid ?? 0;
    await runner.run(command(['true']), never, async () => undefined);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(pid, signal);
    expect(await runner.run(command(['true']), never, async () => undefined)).toMatchObject({ exitCode: 0 });
    expect(runner.pid).toBe(pid);
  });

  it('T24: has what it says on its standard error heard, line by line, and by nobody else', async () => {
    const said: string[] = [];
    const own = temporaryFolder();
    const entry = join(own.path, 'entry.ts');
    const main = join(import.meta.dirname, '../../src/runner/main.ts');
    writeFileSync(entry, `console.error('one\\ntwo');\nawait import('${main}');\n`);
    const { runner } = await ownRunner({ entry, onSaid: (line) => said.push(line) });
    await runner.run(command(['true']), never, async () => undefined);
    await vi.waitFor(() => expect(said).toEqual(['one', 'two']));
    own[Symbol.dispose]();
  });

  it('when killed loses its commands, which are ended, and is replaced', async () => {
    const onDeath = vi.fn<NonNullable<RunnerOptions['onDeath']>>();
    const { runner, runDir } = await ownRunner({ onDeath });
    const printed = [new Printed(), new Printed()];
    const lost = printed.map((each) => runner.run(command(['/bin/sh', script('crowd.sh')]), never, each.take));
    await vi.waitFor(() => expect(printed.flatMap((each) => each.pids)).toHaveLength(6));
    const before = runner.pid ?? 0;
    process.kill(before, 'SIGKILL');
    for (const exit of await Promise.all(lost)) {
      expect(exit).toMatchObject({ ended: 'lost', exitCode: null, leftRunning: [] });
      expect(exit.message).toContain('the runner died (SIGKILL)');
    }
    expect(await living(printed.flatMap((each) => each.pids))).toEqual([]);
    const next = await runner.run(command(['true']), never, async () => undefined);
    expect(next).toMatchObject({ ended: 'exit', exitCode: 0 });
    expect(runner.pid).not.toBe(before);
    expect(onDeath).toHaveBeenCalledExactlyOnceWith('the runner died (SIGKILL)', [
      expect.objectContaining({ task_id: 'deploy-web', step: 1, fate: 'ended' }),
      expect.objectContaining({ task_id: 'deploy-web', step: 1, fate: 'ended' }),
    ]);
    expect(recordsIn(runDir)).toEqual([]);
  });

  it.each([
    ['is damaged', (path: string) => writeFileSync(path, '')],
    ['is missing', (path: string) => rmSync(path)],
  ])('when killed has its command ended though its record %s', async (_, spoil) => {
    const { runner, runDir } = await ownRunner();
    const printed = new Printed();
    const lost = runner.run(command(['/bin/sh', script('ignore-term.sh')]), never, printed.take);
    await vi.waitFor(() => expect(printed.pids).toHaveLength(1));
    spoil(join(runDir, `${printed.pids[0]}.json`));
    process.kill(runner.pid ?? 0, 'SIGKILL');
    expect(await lost).toMatchObject({ ended: 'lost' });
    expect(await living(printed.pids)).toEqual([]);
  });

  it('F41: when wedged is killed, after the bounds of a command and some slack', async () => {
    const { runner } = await ownRunner({ slackMs: 100 });
    const printed = new Printed();
    const request = command(['/bin/sh', script('ignore-term.sh')], { timeoutMs: 600, graceMs: 100 });
    const lost = runner.run(request, never, printed.take);
    await vi.waitFor(() => expect(printed.pids).toHaveLength(1));
    process.kill(runner.pid ?? 0, 'SIGSTOP');
    expect(await lost).toMatchObject({ ended: 'lost' });
    expect(await living(printed.pids)).toEqual([]);
  });

  it('when stopped ends its commands first, and runs nothing until it is started again', async () => {
    const { runner } = await ownRunner();
    const printed = new Printed();
    const done = runner.run(command(['/bin/sh', script('crowd.sh')]), never, printed.take);
    await vi.waitFor(() => expect(printed.pids).toHaveLength(3));
    const pid = runner.pid ?? 0;
    await Promise.all([runner.stop(), runner.stop()]);
    expect(await done).toMatchObject({ ended: 'aborted', signal: 'SIGTERM' });
    expect(await living([pid, ...printed.pids])).toEqual([]);
    const refused = await runner.run(command(['true']), never, async () => undefined);
    expect(refused).toMatchObject({ ended: 'not-started', message: 'the runner is stopped' });
    await runner.start();
    expect(await runner.run(command(['true']), never, async () => undefined)).toMatchObject({ exitCode: 0 });
  });

  it('may be stopped before it was started', async () => {
    await expect(new Runner({ runDir: folder.path, clock }).stop()).resolves.toBeUndefined();
  });

  it('ends everything and itself when the daemon is killed', async () => {
    using own = temporaryFolder();
    const daemon = spawn(process.execPath, [script('daemon.ts'), own.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void daemon.kill('SIGKILL'));
    const [line] = await once(daemon.stdout, 'data');
    const { runner, pids } = JSON.parse(String(line)) as { runner: number; pids: number[] };
    expect(await living([runner, ...pids])).toHaveLength(10);
    daemon.kill('SIGKILL');
    await untilGone([runner, ...pids]);
    expect(recordsIn(own.path)).toEqual([]);
  });
});
