import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Runner } from '../../src/adapters/runner.ts';
import { clock, command, living, Printed, shell, temporaryFolder } from '../fixtures/commands/commands.ts';

const never = new AbortController().signal;
const folder = temporaryFolder();
const runner = new Runner({ runDir: join(folder.path, 'run'), clock });
beforeAll(() => runner.start());
afterAll(async () => {
  await runner.stop();
  folder[Symbol.dispose]();
});

describe('T20: what looks like more than an argument', () => {
  it.each([
    '; touch x',
    '&& touch x',
    '| touch x',
    '$(touch x)',
    '`touch x`',
    'a\ntouch x',
    '> x',
    '$HOME ~ *',
    '"\'\\',
    '--upload-pack=touch x',
    '-oProxyCommand=touch x',
    '',
  ])('is one argument: %j', async (text) => {
    const printed = new Printed();
    const request = command(['/usr/bin/printf', '%s|', text, 'end'], { cwd: folder.path });
    expect(await runner.run(request, never, printed.take)).toMatchObject({ exitCode: 0 });
    expect(printed.text).toBe(`${text}|end|`);
    const listed = new Printed();
    await runner.run(command(['ls', folder.path]), never, listed.take);
    expect(listed.text).toBe('run\n');
  });
});

describe.runIf(process.platform === 'linux')('T19: what a command detaches', () => {
  it.each([
    ['nohup sleep 60 >/dev/null 2>&1 & echo $!', 'gone'],
    ['(trap "" HUP TERM; exec sleep 60) >/dev/null 2>&1 & echo $!', 'gone'],
    ['setsid nohup sleep 60 & echo $!; sleep 0.2', 'named'],
  ])('is gone or named within 5 s: %s', async (script, fate) => {
    const printed = new Printed();
    const { leftRunning, durationMs } = await runner.run(shell(script), never, printed.take);
    const alive = await living(printed.pids);
    for (const pid of alive) process.kill(pid, 'SIGKILL');
    const named = leftRunning.map((name) => Number.parseInt(name, 10));
    expect(durationMs).toBeLessThan(5_000);
    expect([alive, named]).toEqual(fate === 'named' ? [printed.pids, printed.pids] : [[], []]);
  });
});
