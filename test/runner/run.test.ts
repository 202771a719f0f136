import { readdirSync } from 'node:fs';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { ExitMessage } from '../../src/runner/messages.ts';
import type { Process } from '../../src/runner/process-table.ts';
import { startRun } from '../../src/runner/run.ts';
import { command, Printed, script, temporaryFolder } from '../fixtures/commands/commands.ts';

it('F41: a command that not even KILL ends is reported all the same, and named', async () => {
  using folder = temporaryFolder();
  const printed = new Printed();
  onTestFinished(() => {
    for (const pid of printed.pids) process.kill(pid, 'SIGKILL');
  });
  const { promise: exited, resolve: exit } = Promise.withResolvers<ExitMessage>();
  let stuck: Process[] = [];
  const run = startRun(command(['perl', script('unreaped.pl')], { graceMs: 50 }), {
    runDir: folder.path,
    bootId: 'boot',
    self: { starts: () => undefined, started: () => undefined },
    reached: () => undefined,
    // Its group answers, for a zombie is in it; and this table calls that alive: like a process stuck in the kernel.
    readProcesses: () => Promise.resolve(stuck),
    started: () => undefined,
    output: (batch) => void printed.take(batch),
    exit,
  });
  await vi.waitFor(() => expect(printed.pids).toHaveLength(1));
  const group = Number.parseInt(readdirSync(folder.path)[0] ?? '', 10);
  stuck = [{ pid: group + 1, parent: 1, group, start: 5, zombie: false, program: 'stuck' }];
  run?.end('timeout');
  expect(await exited).toMatchObject({
    ended: 'timeout',
    message: expect.stringContaining('not even KILL ended all of it'),
    leftRunning: [`${group + 1} stuck`],
  });
  await run?.concluded;
});
