import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeAsRoot } from '../doubles/as-root.ts';
import { NEW_MAC } from '../doubles/dscl/accounts.ts';
import { Mac } from '../doubles/mac.ts';

const SCRIPT = join(import.meta.dirname, '../../scripts/test-macos.ts');

describeAsRoot('npm run test:macos, on the double of a Mac', () => {
  let mac: Mac;
  beforeAll(async () => {
    mac = await Mac.start();
  });
  afterAll(() => mac[Symbol.asyncDispose]());

  function run(...args: string[]) {
    const places = [
      '--home',
      join(mac.folder, 'opt'),
      '--launch-daemons',
      mac.launchDaemons,
      '--bin',
      join(mac.folder, 'bin'),
    ];
    return execa(process.execPath, [SCRIPT, ...places, ...args], {
      env: { ...mac.env, REDIS_URL: undefined },
      reject: false,
    });
  }

  /** As a new Mac. */
  function expectNothingLeft(): void {
    expect(existsSync(join(mac.folder, 'opt'))).toBe(false);
    expect(readdirSync(mac.launchDaemons)).toEqual([]);
    expect(readdirSync(join(mac.folder, 'bin'))).toEqual(['dscl', 'launchctl', 'sudo']);
    expect(JSON.parse(readFileSync(mac.accounts, 'utf8'))).toEqual(NEW_MAC);
  }

  it('proves each line, and leaves nothing', async () => {
    const { exitCode, stdout, stderr } = await run();
    expect([stderr, stdout.split('\n').filter((line) => !line.startsWith('proven '))]).toEqual([
      '',
      ['11 proven, 0 not proven'],
    ]);
    expect(exitCode).toBe(0);
    expectNothingLeft();
  }, 180_000);

  it('proves a boot in two parts, and is refused in between', async () => {
    const before = await run('--before-reboot');
    expect([before.exitCode, before.stdout]).toEqual([
      0,
      expect.stringContaining('now reboot, then: sudo node_modules/.bin/node scripts/test-macos.ts --after-reboot'),
    ]);
    const again = await run();
    expect([again.exitCode, again.stderr]).toEqual([2, expect.stringContaining('this test is for a Mac without it')]);
    await mac.reboot('power cut');
    const { exitCode, stdout } = await run('--after-reboot');
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('3 proven, 0 not proven')]);
    expectNothingLeft();
  }, 120_000);

  it('removes nothing that it has not installed', async () => {
    const { exitCode, stderr } = await run('--after-reboot');
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining('was not installed by --before-reboot: it is left alone'),
    ]);
  });

  it('says what is not proven and why, and leaves nothing then either', async () => {
    await mac.fail('bootstrap', { exitCode: 5, stderr: 'Bootstrap failed: 5: Input/output error' });
    const { exitCode, stdout } = await run();
    expect([exitCode, stdout]).toEqual([1, expect.stringMatching(/^not proven {2}ops install: .*launchd refused/s)]);
    expectNothingLeft();
  }, 60_000);
});
