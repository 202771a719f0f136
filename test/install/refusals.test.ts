import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeAsRoot } from '../doubles/as-root.ts';
import { InstalledHost } from './installed-host.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');

const VERBS = ['install', 'upgrade', 'uninstall'];

it('where there is no launchctl, says what is needed, and names pm2', async () => {
  const { exitCode, stderr } = await execa(process.execPath, [CLI, 'install'], {
    env: { PATH: '/nowhere' },
    reject: false,
  });
  expect([exitCode, stderr]).toEqual([
    1,
    'ops: there is no launchctl here: this needs macOS; elsewhere pm2 keeps the daemon (ecosystem.config.js)',
  ]);
});

describeAsRoot('ops install refuses, and has changed nothing', () => {
  let host: InstalledHost;
  beforeAll(async () => {
    host = await InstalledHost.make();
  });
  afterAll(() => host[Symbol.asyncDispose]());

  it('without root', async () => {
    const { exitCode, stderr } = await execa(process.execPath, [host.package({ version: '0.0.1' }), 'install'], {
      env: host.mac.env,
      uid: 65534,
      reject: false,
    });
    expect([exitCode, stderr]).toEqual([1, 'ops: this needs root: type it with sudo']);
  });

  it('a package that is not built', async () => {
    const ops = host.package({ version: '0.0.2' });
    rmSync(join(dirname(ops), '../main.js'));
    const { exitCode, stderr } = await host.run(ops, 'install');
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining('package-0.0.2 is not built: type "npm run build"'),
    ]);
    expect(existsSync(host.root)).toBe(false);
  });

  it('where another program has the name', async () => {
    writeFileSync(join(host.bin, 'ops'), '#!/bin/sh\n');
    const { exitCode, stderr } = await host.run(host.package({ version: '0.0.3' }), 'install', '--host', 'mini-1');
    expect([exitCode, stderr]).toEqual([1, `ops: ${host.bin}/ops is another program: move it away and run this again`]);
    expect(readFileSync(join(host.bin, 'ops'), 'utf8')).toBe('#!/bin/sh\n');
    expect(existsSync(host.root)).toBe(false);
    rmSync(join(host.bin, 'ops'));
  }, 30_000);

  it('to uninstall where a mistyped --home leads to what is not its own', async () => {
    const precious = [join(host.root, 'app/1.0/precious'), join(host.root, 'node/precious')];
    for (const path of precious) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, '');
    }
    symlinkSync('1.0', join(host.root, 'app/current'));
    const { exitCode, stderr } = await host.run(host.package({ version: '0.0.9' }), 'uninstall');
    expect([exitCode, stderr]).toEqual([
      1,
      `ops: no Ops is installed in ${host.root}, but there is ${host.root}/app, ${host.root}/node: look what that is, and remove it yourself`,
    ]);
    expect(precious.every((path) => existsSync(path))).toBe(true);
    rmSync(host.root, { recursive: true });
  });

  it.each(VERBS)('where Ops is installed in another place: %s', async (verb) => {
    const argv = ['node', 'main.js', '--home', '/opt/elsewhere'];
    const plist = host.mac.plist('com.savorg.ops', { ProgramArguments: argv });
    const before = readFileSync(plist, 'utf8');
    const { exitCode, stderr } = await host.run(host.package({ version: `0.1.${VERBS.indexOf(verb) + 1}` }), verb);
    expect([exitCode, stderr]).toEqual([
      1,
      `ops: Ops is installed in /opt/elsewhere, not in ${host.root}: type sudo ops --home /opt/elsewhere ${verb}`,
    ]);
    expect(readFileSync(plist, 'utf8')).toBe(before);
    rmSync(plist);
  });

  it('where launchd says what it does not understand', async () => {
    await host.mac.fail('print', {});
    await host.mac.fail('print', { stdout: 'a new format' });
    const { exitCode, stderr } = await host.run(host.package({ version: '0.0.4' }), 'install', '--host', 'mini-1');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('launchctl said "a new format"')]);
    expect(readdirSync(host.mac.launchDaemons)).toEqual([]);
  }, 60_000);
});

describeAsRoot('what launchd refuses', () => {
  let host: InstalledHost;
  let ops: string;
  beforeAll(async () => {
    host = await InstalledHost.make();
    ops = host.package();
    await host.install(ops);
    await host.takeOut();
  }, 60_000);
  afterAll(() => host[Symbol.asyncDispose]());

  it.each([
    [5, 'wait a minute and run this again'],
    [119, 'sudo launchctl enable system/com.savorg.ops'],
    [122, 'sudo chown root:wheel'],
    [125, 'run this with sudo, in the system domain'],
    [155, 'sudo xattr -dr com.apple.quarantine'],
    [161, 'sudo sfltool dumpbtm'],
  ])(
    '%i is said with its meaning and what to do',
    async (exitCode, remedy) => {
      await host.mac.fail('bootstrap', { exitCode, stderr: `Bootstrap failed: ${exitCode}: text` });
      const { exitCode: ended, stderr } = await host.run(ops, 'install');
      expect([ended, stderr]).toEqual([
        1,
        expect.stringContaining(`launchd refused to take com.savorg.ops in: ${exitCode}, `),
      ]);
      expect(stderr).toContain(remedy);
    },
    30_000,
  );

  it('is unknown where launchd took it in and knows nothing of it: maybe Background Task Management', async () => {
    await host.mac.fail('bootstrap', {});
    const { exitCode, stderr } = await host.run(ops, 'install');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('unknown, maybe Background Task Management')]);
    expect(stderr).toContain('sudo sfltool dumpbtm');
  }, 30_000);

  it('a daemon that ends at once is told with its exit code, and where to look', async () => {
    const main = join(host.root, 'app/0.1.0/dist/src/main.js');
    const good = readFileSync(main);
    writeFileSync(main, 'process.exit(7);');
    const { exitCode, stderr } = await host.run(ops, 'install');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('does not come up: it ended with 7')]);
    expect(stderr).toContain(host.home.var.log);
    writeFileSync(main, good);
  }, 30_000);

  it('a daemon that launchd cannot even start is told as that', async () => {
    await host.takeOut();
    rmSync(join(host.root, 'var/log/launchd.log'));
    mkdirSync(join(host.root, 'var/log/launchd.log'));
    const { exitCode, stderr } = await host.run(ops, 'install');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('launchd cannot start it (78')]);
  }, 30_000);
});
