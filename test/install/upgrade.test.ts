import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeAsRoot } from '../doubles/as-root.ts';
import { SAFE_MODE } from './broken-daemons.ts';
import { InstalledHost } from './installed-host.ts';

describeAsRoot('ops upgrade', () => {
  let host: InstalledHost;
  beforeAll(async () => {
    host = await InstalledHost.make();
  });
  afterAll(() => host[Symbol.asyncDispose]());

  const versions = () => readdirSync(join(host.root, 'app')).filter((name) => name !== 'current');
  const current = () => readlinkSync(join(host.root, 'app/current'));

  it('needs an installation', async () => {
    const { exitCode, stderr } = await host.run(host.package(), 'upgrade');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('nothing is installed')]);
  });

  it('changes over to a new version, after what runs has ended', async () => {
    await host.install(join(host.mac.folder, 'package-0.1.0/dist/src/cli/main.js'));
    const mark = join(host.home.var.dir, 'home/mark');
    await host.manager.submit('running', ['/bin/sh', '-c', `touch ${mark}; sleep 2`]);
    await vi.waitFor(() => expect(existsSync(mark)).toBe(true), { timeout: 10_000 });
    const { exitCode, stdout, stderr } = await host.run(host.package({ version: '0.2.0' }), 'upgrade');
    expect([exitCode, stderr, stdout]).toEqual([0, '', expect.stringContaining('ready      com.savorg.ops 0.2.0')]);
    expect([host.state?.version, current(), versions()]).toEqual(['0.2.0', '0.2.0', ['0.1.0', '0.2.0']]);
    expect((await host.manager.report('running')).ops_output.status).toBe('completed');
    expect(await host.printed('last exit code')).toBe('75');
  }, 90_000);

  it('has nothing to do the second time; install says that this is for upgrade', async () => {
    const ops = join(host.mac.folder, 'package-0.2.0/dist/src/cli/main.js');
    const { exitCode, stdout } = await host.run(ops, 'upgrade');
    expect([exitCode, stdout]).toEqual([0, '0.2.0 is installed already: nothing to do']);
    const other = await host.run(join(host.mac.folder, 'package-0.1.0/dist/src/cli/main.js'), 'install');
    expect([other.exitCode, other.stderr]).toEqual([1, expect.stringContaining('for 0.1.0 type: sudo ops upgrade')]);
  });

  it.each([
    ['ends at once', '0.3.0', 'process.exit(1);', 'it ended with 1'],
    ['stays in safe mode', '0.3.1', undefined, 'takes no tasks: '],
  ])(
    'takes back a version that %s',
    async (_, version, main, why) => {
      const before = readFileSync(join(host.mac.launchDaemons, 'com.savorg.ops.plist'), 'utf8');
      const ops = host.package({ version, main: main ?? SAFE_MODE(version) });
      const { exitCode, stdout, stderr } = await host.run(ops, 'upgrade');
      expect([exitCode, stderr]).toEqual([1, `ops: ${version} did not come up and was taken back; 0.2.0 runs again`]);
      expect(stdout).toContain(why);
      expect([host.state?.version, host.state?.state, current()]).toEqual(['0.2.0', 'ready', '0.2.0']);
      expect(versions()).toEqual(['0.1.0', '0.2.0']);
      expect(readFileSync(join(host.mac.launchDaemons, 'com.savorg.ops.plist'), 'utf8')).toBe(before);
      await host.manager.submit(`after-${version}`, ['true']);
      expect((await host.manager.report(`after-${version}`)).ops_output.status).toBe('completed');
    },
    90_000,
  );

  it('takes the service out and in where its plist has changed, and keeps two versions', async () => {
    const { exitCode, stdout } = await host.run(host.package({ version: '0.4.0', throttle: 2 }), 'upgrade');
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining('com.savorg.ops taken out and in, with a new plist'),
    ]);
    expect(await host.printed('minimum runtime')).toBe('2');
    expect([host.state?.version, versions()]).toEqual(['0.4.0', ['0.2.0', '0.4.0']]);
  }, 90_000);

  it('takes back a plist with which it does not come up', async () => {
    const ops = host.package({ version: '0.5.0', throttle: 1, main: 'process.exit(1);' });
    expect((await host.run(ops, 'upgrade')).exitCode).toBe(1);
    expect(await host.printed('minimum runtime')).toBe('2');
    expect([host.state?.version, host.state?.state]).toEqual(['0.4.0', 'ready']);
  }, 90_000);

  it('leaves stopped what was stopped', async () => {
    await host.launchctl('stop', 'com.savorg.ops');
    await expect.poll(() => host.printed('state'), { timeout: 20_000 }).toBe('not running');
    const { exitCode, stdout } = await host.run(host.package({ version: '0.6.0', throttle: 2 }), 'upgrade');
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining('sudo launchctl start com.savorg.ops starts 0.6.0'),
    ]);
    await host.launchctl('start', 'com.savorg.ops');
    await vi.waitFor(() => expect(host.state?.version).toBe('0.6.0'), { timeout: 15_000 });
  }, 60_000);
});
