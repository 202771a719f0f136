import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeAsRoot } from '../doubles/as-root.ts';
import { InstalledHost } from './installed-host.ts';

const DAEMON = 398;
/** An orderly stop, on a busy machine. */
const STOP = { timeout: 20_000 };
const TASK = `task_id: previewed
operation_type: infra
environment: staging
reason: a test
plan_id: plan-1
on_failure: undo
actions:
  - action: infra.command
    with: { argv: ["true"], undo: ["true"] }
`;

/** `drwxr-xr-x`-like: kind, mode, user, group. */
function access(path: string): string {
  const { mode, uid, gid } = lstatSync(path);
  return `${(mode & 0o7777).toString(8).padStart(4, '0')} ${uid}:${gid}`;
}

/** What tells a changed file from an unchanged one. */
function stamps(host: InstalledHost): Record<string, string> {
  const places = [join(host.root, 'app'), join(host.root, 'etc'), host.mac.launchDaemons, host.bin];
  const paths = places.flatMap((place) =>
    readdirSync(place, { recursive: true, encoding: 'utf8' }).map((name) => join(place, name)),
  );
  const alone = [join(host.root, 'node'), host.home.var.hostKey, join(host.home.var.redis, 'redis.conf')];
  return Object.fromEntries([...paths, ...alone].map((path) => [path, stamp(path)]));
}

const stamp = (path: string): string => `${lstatSync(path).ino} ${lstatSync(path).ctimeMs}`;

const rootsFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => lstatSync(join(folder, name)).uid === 0);

/** Each `sudo <command> <path>` of what uninstall says. */
const namedBy = (text: string) =>
  [...text.matchAll(/sudo (rm -rf|rmdir) (\S+)$/gm)].map(([, command = '', path = '']) => ({ command, path }));

describeAsRoot('ops install', () => {
  let host: InstalledHost;
  let ops: string;
  let filesBefore: ReadonlySet<string>;
  beforeAll(async () => {
    host = await InstalledHost.make();
    ops = host.package();
    writeFileSync(host.task, TASK, { mode: 0o600 });
    filesBefore = new Set(host.files());
    await host.install(ops);
  }, 60_000);
  afterAll(() => host[Symbol.asyncDispose]());

  it.each([
    ['.', '0755 0:0'],
    ['app', '0755 0:0'],
    ['app/0.1.0/dist/src/main.js', '0644 0:0'],
    ['app/0.1.0/node_modules/bullmq/package.json', '0644 0:0'],
    ['node', '0755 0:0'],
    ['etc', '0755 0:0'],
    ['etc/ops.yaml', `0644 0:${DAEMON}`],
    ['etc/policy.yaml', `0644 0:${DAEMON}`],
    ['etc/keyring.json', `0644 0:${DAEMON}`],
    ['etc/redis-url', `0640 0:${DAEMON}`],
    ['etc/operator.key', '0600 0:0'],
    ['etc/crons', '0755 0:0'],
    ['var', `0700 ${DAEMON}:${DAEMON}`],
    ['var/keys/host.key', `0600 ${DAEMON}:${DAEMON}`],
    ['var/redis/redis.conf', `0600 ${DAEMON}:${DAEMON}`],
    ['var/ledger.db', `0600 ${DAEMON}:${DAEMON}`],
  ])('%s is %s', (path, expected) => {
    expect(access(join(host.root, path))).toBe(expected);
  });

  it('makes a service account, plists of root and an ops to type', () => {
    expect(JSON.parse(readFileSync(host.mac.accounts, 'utf8'))['/Users/_savorgops']).toMatchObject({
      UniqueID: String(DAEMON),
      IsHidden: '1',
      NFSHomeDirectory: join(host.root, 'var/home'),
    });
    for (const name of ['com.savorg.ops.plist', 'com.savorg.redis.plist'])
      expect(access(join(host.mac.launchDaemons, name))).toBe('0644 0:0');
    expect(access(join(host.bin, 'ops'))).toBe('0755 0:0');
    expect(readlinkSync(join(host.root, 'app/current'))).toBe('0.1.0');
  });

  it('copies what runs, and nothing for developers', () => {
    const modules = readdirSync(join(host.root, 'app/current/node_modules'));
    expect(modules).toEqual(expect.arrayContaining(['bullmq', 'zod', 'plist']));
    expect(modules).not.toEqual(expect.arrayContaining(['vitest']));
    expect(modules).not.toEqual(expect.arrayContaining(['typescript']));
  });

  it('puts no password in a plist or in what everybody can read', () => {
    const { password } = new URL(host.manager.url);
    const readable = [
      ...readdirSync(host.mac.launchDaemons).map((name) => join(host.mac.launchDaemons, name)),
      host.home.etc.ops,
    ];
    expect(password).toHaveLength(43);
    expect(readable.filter((path) => readFileSync(path, 'utf8').includes(password))).toEqual([]);
  });

  it('runs the daemon as its user, with nothing of root', async () => {
    const status = readFileSync(`/proc/${host.state?.pid}/status`, 'utf8');
    expect(status).toMatch(new RegExp(`^Uid:\\s+${DAEMON}\\s+${DAEMON}\\s+${DAEMON}\\s`, 'm'));
    expect(status).toMatch(/^Groups:\s+(?:398)?\s*$/m);
  });

  it('changes nothing the second time, and says so', async () => {
    const before = { stamps: stamps(host), pid: host.state?.pid };
    const { stdout, exitCode } = await host.run(ops, 'install', '--host', 'mini-1');
    expect([exitCode, stdout.match(/^done/gm)]).toEqual([0, null]);
    expect(stdout).toContain('\nNothing had to be changed.\n');
    const again = await host.ops('install', ...host.places);
    expect([again.exitCode, again.stdout.match(/^done/gm)]).toEqual([0, null]);
    expect({ stamps: stamps(host), pid: host.state?.pid }).toEqual(before);
  }, 30_000);

  it('has one name for ever', async () => {
    const { exitCode, stderr } = await host.run(ops, 'install', '--host', 'mini-2');
    expect([exitCode, stderr]).toEqual([
      1,
      `ops: this host is mini-1 (${host.home.etc.ops}), and stays so: tasks and reports name it`,
    ]);
  });

  it('says what only a person can do', async () => {
    const { stdout } = await host.run(ops, 'install');
    for (const part of [
      `PUBLIC keys to ${host.home.etc.keyring}`,
      host.home.etc.policy,
      'sudo pmset -a sleep 0 disksleep 0 powernap 0 womp 1 autorestart 1',
      'fdesetup status',
      'socketfilterfw --getglobalstate',
    ])
      expect(stdout).toContain(part);
  }, 30_000);

  it('finishes what is missing, and leaves what an operator wrote', async () => {
    rmSync(join(host.bin, 'ops'));
    writeFileSync(host.home.etc.ops, 'host: mini-1\nconcurrency: 2\n');
    const { stdout } = await host.run(ops, 'install');
    expect(stdout.match(/^done .*$/gm)).toEqual([expect.stringContaining(join(host.bin, 'ops'))]);
    expect(readFileSync(host.home.etc.ops, 'utf8')).toContain('concurrency: 2');
  }, 30_000);

  it('does not start what a person has stopped', async () => {
    await host.launchctl('stop', 'com.savorg.ops');
    await expect.poll(() => host.printed('state'), STOP).toBe('not running');
    const { stdout, exitCode } = await host.run(ops, 'install');
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining('stopped    com.savorg.ops is installed and not running'),
    ]);
    await host.launchctl('start', 'com.savorg.ops');
    await host.ready();
  }, 30_000);

  it('enables what was disabled', async () => {
    await host.launchctl('disable', 'system/com.savorg.ops');
    await host.takeOut();
    expect((await host.run(ops, 'install')).exitCode).toBe(0);
    expect(await host.printed('state')).toBe('running');
  }, 30_000);

  it('does not follow a link that the daemon has planted', async () => {
    const victim = join(host.mac.folder, 'victim');
    mkdirSync(victim, { mode: 0o755 });
    rmSync(join(host.root, 'var/home'), { recursive: true });
    await execa('ln', ['-s', victim, join(host.root, 'var/home')]);
    expect((await host.run(ops, 'install')).exitCode).toBe(1);
    expect(access(victim)).toBe('0755 0:0');
    rmSync(join(host.root, 'var/home'));
    rmSync(victim, { recursive: true });
    expect((await host.run(ops, 'install')).exitCode).toBe(0);
  }, 30_000);

  it('T29: waits for no pipe that the daemon has planted', async () => {
    const { hostKey } = host.home.var;
    renameSync(hostKey, `${hostKey}.kept`);
    await execa('mkfifo', ['-m', '600', hostKey]);
    chownSync(hostKey, DAEMON, DAEMON);
    const { exitCode, stderr } = await host.run(ops, 'install');
    renameSync(`${hostKey}.kept`, hostKey);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`${hostKey} is not a file of ours`)]);
  }, 30_000);

  describe('then ops, as sudo starts it', () => {
    it('leaves no file of root in var, whatever it does', async () => {
      await host.manager.submit('owned-1', ['true']);
      expect((await host.manager.report('owned-1')).ops_output.status).toBe('completed');
      for (const args of [
        ['status'],
        ['tasks'],
        ['report', 'owned-1'],
        ['audit', 'verify'],
        ['keys', 'list'],
        ['dashboard'],
        ['logs'],
        ['preview', host.task],
        ['undo', 'owned-1'],
      ]) {
        const { exitCode, stderr } = await host.ops(...args);
        expect([args[0], exitCode, exitCode === 0 ? '' : stderr]).toEqual([args[0], 0, '']);
      }
      expect(rootsFiles(host.home.var.dir)).toEqual([]);
    }, 60_000);

    it('leaves none either while the daemon is stopped and its files are closed', async () => {
      await host.launchctl('stop', 'com.savorg.ops');
      await expect.poll(() => host.printed('state'), STOP).toBe('not running');
      for (const args of [['status'], ['tasks'], ['audit', 'verify']])
        expect((await host.ops(...args)).exitCode).toBe(0);
      expect(rootsFiles(host.home.var.dir)).toEqual([]);
      await host.launchctl('start', 'com.savorg.ops');
      await host.ready();
    }, 30_000);

    it.each([
      ['logs', 'daemon.log', ['logs']],
      ['logs --json', 'daemon.log', ['logs', '--json']],
      ['dashboard', 'daemon.json', ['dashboard']],
    ])('%s shows nothing that only root can read, where the daemon has planted a link', async (_, name, args) => {
      const victim = join(host.mac.folder, 'of-root');
      writeFileSync(victim, '{"state":"ready","dashboard":"http://of-root:1"}\n', { mode: 0o600 });
      const path = name === 'daemon.log' ? host.home.var.log : host.home.var.daemon;
      renameSync(path, `${path}.kept`);
      symlinkSync(victim, path);
      const { all, exitCode } = await host.ops(...args);
      renameSync(`${path}.kept`, path);
      rmSync(victim);
      expect([exitCode, all]).toEqual([1, expect.not.stringContaining('of-root')]);
    });

    it('names the person at the terminal for the tunnel, not the user that it became', async () => {
      const { stdout } = await execa(join(host.bin, 'ops'), ['dashboard'], { env: { SUDO_USER: 'ada' } });
      expect(stdout).toMatch(/from_elsewhere: ssh -N -L \d+:127\.0\.0\.1:\d+ ada@/);
    });

    it('makes no keys of other roles on an installed host', async () => {
      const ring = readFileSync(host.home.etc.keyring, 'utf8');
      const { exitCode, stderr } = await host.ops('keys', 'init');
      expect([exitCode, stderr]).toEqual([
        1,
        `ops: ${host.root} is an installed host: "ops keys init" makes a home for trying out`,
      ]);
      expect(existsSync(host.home.keys)).toBe(false);
      expect(readFileSync(host.home.etc.keyring, 'utf8')).toBe(ring);
    });

    it('tells anybody else to use sudo', async () => {
      const { exitCode, stderr } = await execa(join(host.bin, 'ops'), ['status'], {
        uid: 65534,
        gid: 65534,
        reject: false,
      });
      expect([exitCode, stderr]).toEqual([1, `ops: ${host.root} belongs to another user: type it with sudo`]);
    });

    it('is named by a path that outlives this version in a report', async () => {
      await host.manager.submit('named-1', ['true']);
      const [action] = (await host.manager.report('named-1')).ops_output.actions_taken;
      expect(action?.rollback_command).toBe(
        `sudo ${host.root}/node ${host.root}/app/current/dist/src/cli/main.js --home ${host.root} undo named-1 --action 1`,
      );
    });
  });

  describe('then ops uninstall', () => {
    it('leaves nothing but what it names, and takes both services out', async () => {
      const { stdout, exitCode } = await host.run(ops, 'uninstall');
      expect(exitCode).toBe(0);
      const named = namedBy(stdout).map(({ path }) => relative(host.mac.folder, path));
      expect(named).toEqual(['opt/savorg-ops/etc', 'opt/savorg-ops/var', 'opt/savorg-ops']);
      const isOf = (path: string) =>
        named.slice(0, 2).some((kept) => path.startsWith(`${kept}/`)) || named.includes(path);
      expect(host.files().filter((path) => !filesBefore.has(path) && !isOf(path))).toEqual(['opt']);
      expect(stdout).toContain('sudo dscl . -delete /Users/_savorgops');
      for (const label of ['com.savorg.ops', 'com.savorg.redis']) {
        expect((await host.mac.launchctl('print', `system/${label}`)).exitCode).toBe(113);
      }
    }, 60_000);

    it('does nothing the second time', async () => {
      const { exitCode, stdout } = await host.run(ops, 'uninstall');
      expect([exitCode, stdout.match(/^done/gm)]).toEqual([0, null]);
    }, 30_000);

    it('leaves what another install goes on with: the same keys, the same ledger', async () => {
      const keys = readFileSync(host.home.etc.keyring, 'utf8');
      expect((await host.run(ops, 'install')).exitCode).toBe(0);
      expect(readFileSync(host.home.etc.keyring, 'utf8')).toBe(keys);
      expect((await host.ops('report', 'owned-1')).exitCode).toBe(0);
    }, 30_000);

    it('makes a new Redis where what it kept was removed with var', async () => {
      expect((await host.run(ops, 'uninstall')).exitCode).toBe(0);
      rmSync(host.home.var.dir, { recursive: true });
      const { exitCode, stdout } = await host.run(ops, 'install');
      expect([exitCode, stdout]).toEqual([0, expect.stringContaining('\nready ')]);
      expect(readdirSync(host.mac.launchDaemons)).toContain('com.savorg.redis.plist');
    }, 60_000);

    it('names commands that leave nothing at all', async () => {
      // By the installed ops, which removes itself.
      const { stdout } = await host.ops('uninstall', ...host.places);
      for (const { command, path } of namedBy(stdout)) await execa(`${command} ${path}`, { shell: true });
      expect(existsSync(host.root)).toBe(false);
    }, 60_000);
  });
});

describeAsRoot('ops install with a Redis of yours', () => {
  it('installs none, and writes the URL where only root and the daemon read it', async () => {
    await using host = await InstalledHost.make();
    const url = 'redis://:a-secret-password@127.0.0.1:1';
    const ops = host.package();
    const { stdout, exitCode } = await host.run(ops, 'install', '--host', 'mini-1', { REDIS_URL: url });
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining('safe mode  it takes no tasks: Redis at 127.0.0.1:1'),
    ]);
    expect([readFileSync(host.home.etc.redisUrl, 'utf8'), access(host.home.etc.redisUrl)]).toEqual([
      `${url}\n`,
      `0640 0:${DAEMON}`,
    ]);
    expect(readdirSync(host.mac.launchDaemons)).toEqual(['com.savorg.ops.plist']);
    expect(stdout).not.toContain('a-secret-password');
    const again = await host.run(ops, 'install');
    expect([again.exitCode, again.stdout.match(/^done/gm)]).toEqual([0, null]);
  }, 60_000);

  it('starts the daemon again for another URL, as it reads it when it starts; not one that a person has stopped', async () => {
    await using host = await InstalledHost.make();
    const ops = host.package();
    await host.install(ops);
    const moved = await host.run(ops, 'install', { REDIS_URL: 'redis://127.0.0.1:1' });
    expect([moved.exitCode, moved.stdout]).toEqual([0, expect.stringContaining('Redis at 127.0.0.1:1 cannot be used')]);
    await host.launchctl('stop', 'com.savorg.ops');
    await expect.poll(() => host.printed('state'), STOP).toBe('not running');
    const stopped = await host.run(ops, 'install', { REDIS_URL: 'redis://127.0.0.1:2' });
    expect([stopped.exitCode, stopped.stdout]).toEqual([0, expect.stringContaining('\nstopped ')]);
    expect(readFileSync(host.home.etc.redisUrl, 'utf8')).toBe('redis://127.0.0.1:2\n');
  }, 90_000);

  it('takes the URL from the file as well, where it never stood in a command line', async () => {
    await using host = await InstalledHost.make();
    mkdirSync(host.home.etc.dir, { recursive: true });
    writeFileSync(host.home.etc.redisUrl, 'redis://:a-secret-password@127.0.0.1:1\n', { mode: 0o600 });
    const { stdout, exitCode } = await host.run(host.package(), 'install', '--host', 'mini-1');
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('Redis at 127.0.0.1:1 cannot be used')]);
    expect(access(host.home.etc.redisUrl)).toBe(`0640 0:${DAEMON}`);
  }, 60_000);
});
