import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeAsRoot } from '../doubles/as-root.ts';
import { InstalledHost } from './installed-host.ts';

const [DAEMON, RUNNER] = [398, 397];

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

function access(path: string): string {
  const { mode, uid, gid } = lstatSync(path);
  return `${(mode & 0o7777).toString(8).padStart(4, '0')} ${uid}:${gid}`;
}

/** From its first line on. */
const dropInOf = (text: string): string => `${text.slice(text.indexOf('# What savorg-ops may do'))}\n`;

describeAsRoot('ops install --second-user', () => {
  let host: InstalledHost;
  let ops: string;
  let said: string;
  beforeAll(async () => {
    host = await InstalledHost.make();
    ops = host.package();
    const { stdout, stderr } = await host.run(ops, 'install', '--host', 'mini-1', '--second-user');
    expect(stderr).toBe('');
    said = stdout;
  });
  afterAll(() => host[Symbol.asyncDispose]());

  it('makes a hidden account like that of the daemon, and its folders', async () => {
    const accounts = JSON.parse(readFileSync(host.mac.accounts, 'utf8')) as Record<string, object>;
    expect(accounts['/Users/_savorgrun']).toMatchObject({
      UniqueID: String(RUNNER),
      PrimaryGroupID: String(RUNNER),
      IsHidden: '1',
      UserShell: '/usr/bin/false',
      NFSHomeDirectory: host.home.runner.home,
    });
    expect(access(host.home.runner.dir)).toBe(`2770 ${RUNNER}:${DAEMON}`);
    expect(access(host.home.runner.home)).toBe(`0700 ${RUNNER}:${RUNNER}`);
    expect(readFileSync(host.home.etc.ops, 'utf8')).toMatch(/^run_as: _savorgrun$/m);
  });

  it('prints the drop-in with the lines to type, installs nothing, and says that no tasks are taken until it is there', async () => {
    const text = dropInOf(said);
    expect(text).toContain('_savorgops ALL=(_savorgrun) NOPASSWD: ALL\n');
    expect(text.match(/^# {3}sudo .*$/gm)).toEqual([
      '#   sudo ops sudoers > savorg-ops.sudoers',
      '#   sudo visudo -cf savorg-ops.sudoers',
      '#   sudo install -o root -m 440 savorg-ops.sudoers /etc/sudoers.d/savorg-ops',
    ]);
    expect(await execa('visudo', ['-cf', '-'], { input: text, reject: false })).toMatchObject({ exitCode: 0 });
    expect(existsSync('/etc/sudoers.d/savorg-ops')).toBe(false);
    expect(said).toMatch(/^safe mode {2}it takes no tasks: the daemon may not start programs as _savorgrun/m);
    expect(said).toContain('until which it takes no tasks');
  });

  it('changes nothing the second time, with the flag and without', async () => {
    for (const flags of [['--second-user'], []]) {
      const { stdout, exitCode } = await host.run(ops, 'install', ...flags);
      expect([exitCode, stdout.match(/^done/gm)]).toEqual([0, null]);
      expect(stdout).toMatch(/^as it was {2}the account _savorgrun/m);
      expect(dropInOf(stdout)).toBe(dropInOf(said));
    }
  });

  it('T29: does not follow a link that a command has planted', async () => {
    const victim = join(host.mac.folder, 'victim');
    mkdirSync(victim, { mode: 0o755 });
    renameSync(host.home.runner.home, `${host.home.runner.home}.kept`);
    symlinkSync(victim, host.home.runner.home);
    expect((await host.run(ops, 'install')).exitCode).toBe(1);
    expect(access(victim)).toBe('0755 0:0');
    rmSync(host.home.runner.home);
    renameSync(`${host.home.runner.home}.kept`, host.home.runner.home);
  });

  it('is taken back by what ops uninstall names', async () => {
    const { stdout, exitCode } = await host.run(ops, 'uninstall');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`sudo rm -rf ${host.home.runner.dir}\n`);
    for (const [, path = ''] of stdout.matchAll(/sudo rm -rf (\S+)$/gm)) rmSync(path, { recursive: true });
    for (const [, record = ''] of stdout.matchAll(/sudo dscl \. -delete (\S+?)(?:;|$)/gm))
      await host.mac.dscl('-delete', record);
    expect(readFileSync(host.mac.accounts, 'utf8')).not.toContain('savorg');
  });
});

describeAsRoot('ops install', () => {
  it('leaves the settings of an operator alone, and says what to add for a second user, and what the policy needs of root', async () => {
    await using host = await InstalledHost.make();
    const ops = host.package();
    const first = await host.run(ops, 'install', '--host', 'mini-1');
    expect(first.stdout).toContain('install --second-user makes _savorgrun');
    expect(first.stdout).not.toContain('NOPASSWD');
    const second = await host.run(ops, 'install', '--second-user');
    expect(second.stdout).toContain(`add run_as: _savorgrun to ${host.home.etc.ops}`);
    expect(readFileSync(host.home.etc.ops, 'utf8')).not.toContain('run_as');
    expect(access(host.home.runner.dir)).toBe(`2770 ${RUNNER}:${DAEMON}`);
    const rule = 'actions: [config.package], environments: [staging], hosts: [mini-1], packages: [jq]';
    writeFileSync(host.home.etc.policy, `allow: [{ ${rule} }]\n`);
    const third = await host.run(ops, 'install');
    expect(third.stdout).toContain('until which it does no work as root');
    expect(dropInOf(third.stdout)).toMatch(/^_savorgops ALL=\(root\) NOPASSWD: .* -- jq\$/m);
  });
});
