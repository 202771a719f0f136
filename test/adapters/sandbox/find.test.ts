import { chmodSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Runner } from '../../../src/adapters/runner.ts';
import { confined } from '../../../src/adapters/sandbox/confined.ts';
import { findSandbox } from '../../../src/adapters/sandbox/find.ts';
import { homeAt } from '../../../src/home.ts';
import { clock, command, PATH } from '../../fixtures/commands/commands.ts';
import { temporaryFolder } from '../../services/support.ts';

async function setUp({ path = PATH, protect = [] as string[] } = {}) {
  const home = homeAt(temporaryFolder());
  for (const folder of [home.etc.dir, home.var.run]) mkdirSync(folder, { recursive: true });
  const runner = new Runner({ runDir: home.var.run, clock });
  await runner.start();
  onTestFinished(() => runner.stop());
  const settings = { home, protect, baseEnv: { PATH: path }, runAs: null };
  return { runner, settings, find: () => findSandbox(runner, settings) };
}

/** A folder with a program `bwrap` of this text. */
function pretended(text: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'bwrap'), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, 'bwrap'), 0o755);
  return folder;
}

const never = new AbortController().signal;

describe.runIf(process.platform === 'linux')('the sandbox of a host', () => {
  it('is bubblewrap', async () => {
    expect(await (await setUp()).find()).toMatchObject({ name: 'bubblewrap' });
  });

  it.each([
    ['that is not there', () => '/nowhere', /there is no bwrap on its PATH: install bubblewrap/],
    [
      'that the kernel does not let work',
      () => pretended('echo "bwrap: No permissions" >&2; exit 1'),
      /No permissions/,
    ],
    [
      'that confines nothing',
      () => pretended('while [ "$1" != -- ]; do shift; done; shift; exec "$@"'),
      /does not work here/,
    ],
  ])('is none %s, and then no command runs', async (_, path, why) => {
    const { runner, settings, find } = await setUp({ path: `${path()}:/nowhere` });
    const sandbox = await find();
    expect(sandbox).toEqual({ problem: expect.stringMatching(why) });
    const exit = await confined(runner, sandbox, settings).run(command(['/bin/true']), never, async () => undefined);
    expect(exit).toMatchObject({ ended: 'not-started', message: expect.stringMatching(why) });
  });

  it.each([
    ['that is not there', (folder: string) => join(folder, 'nowhere'), /which is not there/],
    ['that is a link', (folder: string) => join(folder, 'link'), /which leads to/],
  ])('is refused with a protected root %s', async (_, root, why) => {
    const folder = temporaryFolder();
    symlinkSync('/etc', join(folder, 'link'));
    const { find } = await setUp({ protect: [root(folder)] });
    expect(await find()).toEqual({ problem: expect.stringMatching(why) });
  });

  it('gives a command the network only where it asked for it', async () => {
    const { runner, settings, find } = await setUp();
    const sandbox = confined(runner, await find(), settings);
    let seen = '';
    const look = async (network: boolean) => {
      seen = '';
      const request = { ...command(['/bin/readlink', '/proc/self/ns/net']), network };
      await sandbox.run(request, never, async (chunk) => void (seen += Buffer.from(chunk).toString()));
      return seen.trim();
    };
    const own = readlinkSync('/proc/self/ns/net');
    expect(await look(true)).toBe(own);
    expect(await look(false)).toMatch(/^net:/);
    expect(seen.trim()).not.toBe(own);
  });

  it('does not start a command with a link among what it may write', async () => {
    const folder = temporaryFolder();
    symlinkSync('/etc', join(folder, 'link'));
    const { runner, settings, find } = await setUp();
    const request = { ...command(['/bin/true']), writes: [join(folder, 'link')] };
    const exit = await confined(runner, await find(), settings).run(request, never, async () => undefined);
    expect(exit).toMatchObject({ ended: 'not-started', message: expect.stringMatching(/which leads to \/etc/) });
  });
});
