import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { build } from 'plist';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { APT_GET, aptOrder } from '../../src/adapters/settings/apt.ts';
import { upgradeCommand } from '../../src/adapters/upgrades.ts';
import { Policy } from '../../src/admission/policy.ts';
import { type Home, homeAt } from '../../src/home.ts';
import { NO_ROOT_WORK, rootWorkOf } from '../../src/install/root-work.ts';
import { sudoersDropIn } from '../../src/install/sudoers.ts';
import { describeAsRoot } from '../doubles/as-root.ts';
import { temporaryFolder } from '../services/support.ts';
import { AptHost, hasApt } from '../support/apt-host.ts';
import { OwnRoot } from '../support/own-root.ts';

/** A user that every Debian has, and nothing runs as. */
const DAEMON = 'www-data';
const FIXTURES = join(import.meta.dirname, '../fixtures/privilege');
const STEPS = join(FIXTURES, 'root-steps.ts');
const DOUBLE = join(import.meta.dirname, '../doubles/systemd/systemctl');
const STATE = '/var/lib/systemd-double';
const UNIT = '[Service]\nExecStart=/bin/sleep 1000\n\n[Install]\nWantedBy=multi-user.target\n';
const PLIST = build({
  Label: 'com.example.web',
  ProgramArguments: ['/bin/sleep', '1000'],
  KeepAlive: true,
  ThrottleInterval: 0,
});

const POLICY = `allow:
  - actions: [config.service.install, config.service.start]
    environments: [staging]
    hosts: [mini-1]
    services: [systemd/web.service, launchd/com.example.web]
  - actions: [config.service.restart]
    environments: [staging]
    hosts: [mini-1]
    services: [systemd/db.service, launchd/com.example.db]
  - actions: [config.package]
    environments: [staging]
    hosts: [mini-1]
    packages: [tool, g++]
`;

// Each start of Node, of sudo and of apt takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

describeAsRoot('a daemon that is not root, with the drop-in and the real sudo', () => {
  let root: OwnRoot;
  /** The daemon's, for files on their way to root. */
  let staged: string;
  let home: Home;
  beforeEach(async () => {
    root = new OwnRoot();
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    home = homeAt(folder);
    staged = home.var.services;
    mkdirSync(home.var.dir);
    mkdirSync(staged, { mode: 0o700 });
    const { stdout } = await execa('sh', ['-c', `id -u ${DAEMON}; id -g ${DAEMON}`]);
    const [uid = 0, gid = 0] = stdout.split('\n').map(Number);
    chownSync(staged, uid, gid);
  });
  afterEach(() => root[Symbol.dispose]());

  function dropIn(isMac = false): string {
    const work = rootWorkOf(Policy.parse(parse(POLICY)), 'mini-1', isMac);
    return sudoersDropIn({ daemon: DAEMON, runAs: null, work, home });
  }
  const allow = (isMac = false) => root.write('/etc/sudoers.d/savorg-ops', dropIn(isMac), 0o440);
  const steps = (...args: string[]) => root.run(DAEMON, process.execPath, STEPS, ...args);

  function withSystemd(): void {
    root.write('/usr/bin/systemctl', `#!/bin/sh\nSYSTEMD_DOUBLE=${STATE} exec ${DOUBLE} "$@"\n`, 0o755);
    mkdirSync(root.path(`${STATE}/known`), { recursive: true });
    symlinkSync('/etc/systemd/system', root.path(`${STATE}/units`));
    mkdirSync(root.path('/etc/systemd/system'), { recursive: true });
  }

  async function withApt(): Promise<AptHost> {
    const host = new AptHost();
    chmodSync(host.root, 0o755);
    await host.offer(
      { name: 'tool', version: '1.0' },
      { name: 'tool', version: '1:1.1+b~rc.1-2' },
      { name: 'other', version: '3' },
    );
    root.write('/etc/apt/apt.conf', readFileSync(join(host.root, 'apt.conf'), 'utf8'));
    return host;
  }

  it('has systemd install, replace, stop, start, restart and remove a service', async () => {
    withSystemd();
    allow();
    const { stdout, stderr } = await steps('systemd', staged, 'web.service', UNIT);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(['running', 'stopped', 'running', 'absent']);
  });

  it('has launchd do the same', async () => {
    allow(true);
    const argv = [process.execPath, join(FIXTURES, 'mac.ts'), DAEMON, process.execPath, STEPS];
    const { stdout, stderr } = await root.run('root', ...argv, 'launchd', staged, 'com.example.web', PLIST);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(['running', 'stopped', 'running', 'absent']);
  });

  it.skipIf(!hasApt)('has apt install a version, change it, and remove it', async () => {
    const host = await withApt();
    allow();
    const { stdout, stderr } = await steps('apt', JSON.stringify(host.env), '1.0', '1:1.1+b~rc.1-2', '1.0', 'none');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(['1.0', '1:1.1+b~rc.1-2', '1.0', null]);
  });

  it('is told what is missing where it is not allowed, and has changed nothing', async () => {
    withSystemd();
    allow();
    const { stderr } = await steps('systemd', staged, 'db.service', UNIT);
    expect(stderr).toMatch(/install .*db\.service: sudo: .*what "ops sudoers" prints/);
    expect(existsSync(root.path('/etc/systemd/system/db.service'))).toBe(false);
  });

  it('T38: has root upgrade Ops by that one command, whatever its PATH', async () => {
    const work = { ...NO_ROOT_WORK, upgrades: true };
    root.write('/etc/sudoers.d/savorg-ops', sudoersDropIn({ daemon: DAEMON, runAs: null, work, home }), 0o440);
    writeFileSync(home.installed.node, '#!/bin/sh\nexec /usr/bin/printf "%s " "$(/usr/bin/id -u)" "$PATH"\n', {
      mode: 0o755,
    });
    const evil = [
      '/usr/bin/env',
      'PATH=/srv/evil:/usr/bin:/bin',
      'NODE_OPTIONS=-r /srv/evil.js',
      '/usr/bin/sudo',
      '-n',
    ];
    const { stdout } = await root.run(DAEMON, ...evil, ...upgradeCommand(home));
    expect(stdout).toBe('0 /usr/bin:/bin:/usr/sbin:/sbin ');
    const other = await root.run(DAEMON, ...evil, ...upgradeCommand(home).slice(0, -1), '/tmp/task.json');
    expect([other.exitCode, other.stdout]).toEqual([1, '']);
  });

  /** Which of these sudo would run for a user. */
  async function allowed(user: string, asked: readonly string[][]): Promise<string[][]> {
    root.write('/run/asked.json', JSON.stringify(asked));
    const { stdout, stderr } = await root.run(user, process.execPath, join(FIXTURES, 'asked.ts'), '/run/asked.json');
    expect(stderr).toBe('');
    return JSON.parse(stdout) as string[][];
  }

  /** What web.service needs, as the drop-in has it, and what apt is told about a package. */
  function commands(): string[][] {
    const exact = [...dropIn().matchAll(/(?:NOPASSWD: | {4})(\/[^^,]+?)(?:, \\)?$/gm)].map(([, text = '']) =>
      text.split(' '),
    );
    const orders = [aptOrder('g++', '1:2.0~rc1-3'), aptOrder('g++', null)];
    const own = exact.filter((argv) => argv.some((word) => word === 'web.service' || word.endsWith('/web.service')));
    return [...own, ...orders.map((order) => [...APT_GET, ...order])];
  }

  it('T18: is allowed its commands, and of each nothing that is longer, shorter or another word', async () => {
    withSystemd();
    allow();
    const own = commands();
    expect(own).toHaveLength(5 + 3 + 2);
    expect(await allowed(DAEMON, own)).toEqual(own);
    const attacks = own.flatMap((argv) => [...longer(argv), ...otherWords(argv)]);
    expect(attacks.length).toBeGreaterThan(300);
    expect(await allowed(DAEMON, attacks)).toEqual([]);
    expect(await allowed('games', own)).toEqual([]);
  });

  it('T18: gets no other service, package or folder, and no program in the place of one', async () => {
    withSystemd();
    allow();
    const [install = [], remove = []] = commands().filter(([program]) => /install|rm/.test(program ?? ''));
    const [from = '', unit = ''] = install.slice(-2);
    const placing = (...paths: [string, string]) => [...install.slice(0, -2), ...paths];
    expect(
      await allowed(DAEMON, [
        install.map(ofAnother),
        remove.map(ofAnother),
        placing('/etc/shadow', unit),
        placing(from, '/etc/sudoers.d/x'),
        placing(from, unit.replace('system/', 'system/../system/')),
        placing(from.replace('services/', 'services/../services/'), unit),
        placing(from.replace('services/', 'services//'), unit),
        [...remove.slice(0, -1), '/etc/systemd/system'],
        ['/usr/bin/systemctl', '--no-ask-password', 'disable', '--now', 'db.service'],
        ['/usr/bin/systemctl', 'restart', 'web.service'],
        ['/usr/bin/systemctl', '--no-ask-password', 'edit', 'web.service'],
        ['/usr/bin/env', 'DEBIAN_FRONTEND=x', ...APT_GET.slice(2), ...aptOrder('tool', null)],
        [...APT_GET, ...aptOrder('other', '3')],
        [...APT_GET, 'install', '--', 'tool'],
        [...APT_GET, 'install', '--', 'tool=1/../../x'],
        [...APT_GET, 'install', '--', 'tool=1-'],
        ['/usr/bin/apt-get', 'remove', '--', 'tool'],
        ['/tmp/systemctl', '--no-ask-password', 'restart', 'web.service'],
        ['/bin/sh'],
      ]),
    ).toEqual([]);
  });

  it.each([
    ['variables', ['DEBIAN_FRONTEND=x']],
    ['all variables', ['-E']],
    ['one of its variables', ['--preserve-env=PATH']],
    ['another user', ['-u', 'games']],
    ['another group', ['-g', 'shadow']],
    ['a folder', ['-D', '/tmp']],
    ['another root folder', ['-R', '/tmp']],
    ['open files', ['-C', '10']],
    ['a shell', ['-s']],
  ])('T18: cannot give sudo %s', async (_, options) => {
    withSystemd();
    allow();
    const order = ['/usr/bin/systemctl', '--no-ask-password', 'restart', 'web.service'];
    const { exitCode, stderr } = await root.run(DAEMON, 'sudo', '-n', ...options, '--', ...order);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^sudo: /m)]);
  });
});

/** What sudo's wildcards would have matched, or its lists of words. */
const longer = (argv: readonly string[]): string[][] => [
  argv.slice(0, -1),
  ...[['x'], [''], ['-o', 'APT::Update::Pre-Invoke::=id'], ['/tmp/x.deb'], ['other.service']].map((more) => [
    ...argv,
    ...more,
  ]),
];

const ofAnother = (word: string): string => word.replace('web', 'db');

const changed = (word: string): string[] => [`${word} -o Dir::Bin::dpkg=/tmp/x`, `${word}/`, '*'];
const changedLast = (word: string): string[] => [
  `${word}\n`,
  `${word}/../x`,
  `/tmp/${word}`,
  `./${word}`,
  `${word},x`,
  '',
];

/** Each word but the first, changed to what might be taken for the same. */
function otherWords(argv: readonly string[]): string[][] {
  return argv.flatMap((word, index) => {
    if (index === 0) return [];
    const others = index < argv.length - 2 ? changed(word) : [...changed(word), ...changedLast(word)];
    return others.map((other) => argv.with(index, other));
  });
}
