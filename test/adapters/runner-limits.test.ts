import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { Runner } from '../../src/adapters/runner.ts';
import { clock, Printed, shell, temporaryFolder } from '../fixtures/commands/commands.ts';

const NOBODY = 65_534;
const FIXTURE = join(import.meta.dirname, '../fixtures/commands/without-room.ts');
const isLinux = process.platform === 'linux';
/** Root has no limit of processes, and somebody else may not be let into this folder. */
const canBeNobody =
  isLinux && process.getuid?.() === 0 && spawnSync('test', ['-r', FIXTURE], { uid: NOBODY }).status === 0;

describe.skipIf(!isLinux)('a runner at its limits', () => {
  it('F47: refuses a command while too many files are open, says so, and runs the next one', async () => {
    using folder = temporaryFolder();
    const runner = new Runner({ runDir: folder.path, clock });
    await runner.start();
    const run = () => runner.run(shell('true'), new AbortController().signal, new Printed().take);
    const limit = (files: string) => execa('prlimit', ['--pid', String(runner.pid), `--nofile=${files}:`]);
    expect((await run()).exitCode).toBe(0);
    await limit('3');
    expect(await run()).toMatchObject({
      ended: 'not-started',
      message: expect.stringMatching(/^EMFILE: too many files are open; .*ulimit -n/),
    });
    await limit('1000');
    expect(await run()).toMatchObject({ ended: 'exit', exitCode: 0 });
    await runner.stop();
  });

  it.skipIf(!canBeNobody)(
    'F47: refuses one while there is no room for another process, says so, and runs the next one',
    async () => {
      using folder = temporaryFolder();
      chmodSync(folder.path, 0o777);
      const { stdout } = await execa(process.execPath, [FIXTURE, folder.path], {
        uid: NOBODY,
        gid: NOBODY,
        cwd: folder.path,
      });
      expect(JSON.parse(stdout)).toMatchObject([
        { ended: 'exit', exitCode: 0 },
        { ended: 'not-started', message: expect.stringMatching(/^EAGAIN: the system has no room .*ulimit -u/) },
        { ended: 'exit', exitCode: 0 },
      ]);
    },
  );
});
