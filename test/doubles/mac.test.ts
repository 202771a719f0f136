import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { build } from 'plist';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeAsRoot } from './as-root.ts';
import type { Definition } from './launchd/definition.ts';
import { Mac } from './mac.ts';

/** Dies at TERM by itself. */
const PATIENT = ['/bin/sh', '-c', 'while :; do sleep 0.05; done'];

function withMode(path: string, mode: number): string {
  chmodSync(path, mode);
  return path;
}

describeAsRoot('the doubles', () => {
  let mac: Mac;
  beforeAll(async () => {
    mac = await Mac.start();
  });
  afterAll(() => mac[Symbol.asyncDispose]());

  const plist = (label: string, keys: Partial<Definition> = {}): string =>
    mac.plist(label, { ProgramArguments: PATIENT, RunAtLoad: true, ...keys });

  async function bootstrap(label: string, keys: Partial<Definition> = {}): Promise<void> {
    expect(await mac.launchctl('bootstrap', 'system', plist(label, keys))).toMatchObject({ exitCode: 0 });
  }

  const print = async (label: string): Promise<string> => (await mac.launchctl('print', `system/${label}`)).stdout;
  const field = async (label: string, key: string) =>
    new RegExp(`^\t${key} = (.*)$`, 'm').exec(await print(label))?.[1];
  const seen = (label: string, key: string, value: string) =>
    vi.waitFor(async () => expect(await field(label, key)).toBe(value), { timeout: 10_000 });
  const pidOf = async (label: string): Promise<number> => Number(await field(label, 'pid'));

  describe('launchctl', () => {
    it('bootstraps once: 37 the second time', async () => {
      await bootstrap('one');
      expect(await mac.launchctl('bootstrap', 'system', plist('one'))).toMatchObject({
        exitCode: 37,
        stderr: 'Bootstrap failed: 37: Operation already in progress',
      });
    });

    it.each([
      [5, 'no such file', () => join(mac.launchDaemons, 'none.plist')],
      [109, 'no plist', () => rewritten('garbage', 'no <plist>')],
      [110, 'no label', () => rewritten('unlabelled', build({ ProgramArguments: PATIENT }))],
      [111, 'no program', () => rewritten('idle', build({ Label: 'idle' }))],
      [122, 'writable by its group', () => withMode(plist('open'), 0o664)],
    ])('bootstrap: %i, %s', async (code, _, path) => {
      const { exitCode, stderr } = await mac.launchctl('bootstrap', 'system', path());
      expect([exitCode, stderr.split('\n')[0]]).toEqual([code, expect.stringContaining(`Bootstrap failed: ${code}: `)]);
    });

    it('knows no other domain: 125, as over SSH', async () => {
      expect(await mac.launchctl('bootstrap', 'gui/501', plist('agent'))).toMatchObject({ exitCode: 125 });
    });

    it('does not let others than root change anything', async () => {
      const ended = await execa('launchctl', ['bootstrap', 'system', plist('mine')], {
        env: mac.env,
        uid: 65534,
        reject: false,
      });
      expect([ended.exitCode, await print('mine')]).toEqual([5, '']);
    });

    it.each(['print', 'kickstart', 'blame'])('%s of what is not there: 113', async (verb) => {
      const { exitCode, stderr } = await mac.launchctl(verb, 'system/none');
      expect([exitCode, stderr]).toEqual([
        113,
        expect.stringContaining('Could not find service "none" in domain for system'),
      ]);
    });

    it('starts and stops by the old names: 3 for what is not there', async () => {
      await bootstrap('two', { RunAtLoad: false, KeepAlive: false });
      expect(await field('two', 'last exit code')).toBe('(never exited)');
      await mac.launchctl('start', 'two');
      await seen('two', 'state', 'running');
      await mac.launchctl('stop', 'two');
      await seen('two', 'last terminating signal', 'Terminated: 15');
      expect((await mac.launchctl('start', 'none')).exitCode).toBe(3);
    });

    it('takes a service out while its process still ends: bootstrap says 5, bootout 36, then print 113', async () => {
      const go = join(mac.folder, 'go');
      const slow = `trap 'until test -e ${go}; do sleep 0.05; done; exit 0' TERM; echo up; while :; do sleep 0.05; done`;
      await bootstrap('slow', {
        ProgramArguments: ['/bin/sh', '-c', slow],
        StandardOutPath: join(mac.folder, 'slow.log'),
      });
      await vi.waitFor(() => expect(readFileSync(join(mac.folder, 'slow.log'), 'utf8')).toBe('up\n'), 5_000);
      expect((await mac.launchctl('bootout', 'system/slow')).exitCode).toBe(0);
      expect(await field('slow', 'state')).toBe('SIGTERMed');
      expect((await mac.launchctl('bootstrap', 'system', plist('slow'))).exitCode).toBe(5);
      expect((await mac.launchctl('bootout', 'system/slow')).exitCode).toBe(36);
      writeFileSync(go, '');
      await vi.waitFor(async () => expect((await mac.launchctl('print', 'system/slow')).exitCode).toBe(113), 5_000);
      expect(await mac.launchctl('bootout', 'system/slow')).toMatchObject({
        exitCode: 3,
        stderr: 'Boot-out failed: 3: No such process',
      });
    });

    it('does not start what is disabled (119), and remembers it over a boot', async () => {
      await mac.launchctl('disable', 'system/off');
      expect((await mac.launchctl('print-disabled', 'system')).stdout).toContain('\t\t"off" => disabled');
      expect((await mac.launchctl('bootstrap', 'system', plist('off'))).exitCode).toBe(119);
      await mac.reboot('in order');
      expect((await mac.launchctl('print', 'system/off')).exitCode).toBe(113);
      await mac.launchctl('enable', 'system/off');
      expect((await mac.launchctl('bootstrap', 'system', plist('off'))).exitCode).toBe(0);
    });

    it('signals the process: 3 where there is none', async () => {
      await bootstrap('three', { KeepAlive: false });
      await mac.launchctl('kill', 'SIGKILL', 'system/three');
      await seen('three', 'last terminating signal', 'Killed: 9');
      expect((await mac.launchctl('kill', 'SIGKILL', 'system/three')).exitCode).toBe(3);
    });

    it('names an error, and lists', async () => {
      await bootstrap('listed');
      expect((await mac.launchctl('error', '119')).stdout).toBe('119: Service is disabled');
      expect((await mac.launchctl('list')).stdout).toMatch(/^PID\tStatus\tLabel\n(?:.*\n)*\d+\t0\tlisted$/m);
      expect((await mac.launchctl('list', 'listed')).stdout).toMatch(/"PID" = \d+;/);
    });

    it('refuses what is not imitated', async () => {
      expect((await mac.launchctl('reboot')).exitCode).toBe(64);
    });

    it.each([
      [{ exitCode: 161, stderr: 'Bootstrap failed: 161: blocked\n' }, 161],
      [{ stdout: 'hello' }, 0],
    ])('answers %j once when told to', async (answer, exitCode) => {
      await mac.fail('bootstrap', answer);
      expect((await mac.launchctl('bootstrap', 'system', plist('blocked'))).exitCode).toBe(exitCode);
      expect((await mac.launchctl('print', 'system/blocked')).exitCode).toBe(113);
    });
  });

  describe('launchd', () => {
    it.each([
      [true, 0],
      [true, 1],
      [{ SuccessfulExit: false }, 75],
    ] as const)('KeepAlive %j: starts it again after exit code %i', async (KeepAlive, code) => {
      const label = `kept-${code}`;
      await bootstrap(label, { KeepAlive, ThrottleInterval: 0.2, ProgramArguments: ['/bin/sh', '-c', `exit ${code}`] });
      await vi.waitFor(async () => expect(Number(await field(label, 'runs'))).toBeGreaterThan(1), 5_000);
      expect(await field(label, 'last exit code')).toBe(String(code));
      await mac.launchctl('bootout', `system/${label}`);
    });

    it('KeepAlive {"SuccessfulExit":false}: leaves it after exit code 0', async () => {
      const KeepAlive = { SuccessfulExit: false };
      await bootstrap('left', { KeepAlive, ProgramArguments: ['/bin/sh', '-c', 'exit 0'] });
      await seen('left', 'state', 'not running');
      expect([await field('left', 'runs'), await field('left', 'last exit code')]).toEqual(['1', '0']);
    });

    it('starts again what was killed, but not sooner than its throttle lets it', async () => {
      await bootstrap('killed', { KeepAlive: { SuccessfulExit: false }, ThrottleInterval: 4 });
      const before = performance.now();
      const pid = await pidOf('killed');
      process.kill(pid, 'SIGKILL');
      await seen('killed', 'state', 'spawn scheduled');
      await seen('killed', 'runs', '2');
      expect(performance.now() - before).toBeGreaterThan(2_000);
      expect(await pidOf('killed')).not.toBe(pid);
    });

    it('kickstart -k kills by SIGKILL and starts it again', async () => {
      await bootstrap('kicked', { KeepAlive: false, ThrottleInterval: 0.1 });
      expect((await mac.launchctl('kickstart', '-k', 'system/kicked')).exitCode).toBe(0);
      await seen('kicked', 'last terminating signal', 'Killed: 9');
      await seen('kicked', 'runs', '2');
    });

    it('kills what ignores TERM when its ExitTimeOut is over', async () => {
      const argv = ['/bin/sh', '-c', "trap '' TERM; echo up; while :; do sleep 0.05; done"];
      const log = join(mac.folder, 'stubborn.log');
      await bootstrap('stubborn', { ExitTimeOut: 3, KeepAlive: false, ProgramArguments: argv, StandardOutPath: log });
      await vi.waitFor(() => expect(readFileSync(log, 'utf8')).toBe('up\n'), 5_000);
      await mac.launchctl('stop', 'stubborn');
      expect(await field('stubborn', 'state')).toBe('SIGTERMed');
      await seen('stubborn', 'last terminating signal', 'Killed: 9');
    });

    it('sends one TERM to what a dead service leaves in its process group', async () => {
      const mark = join(mac.folder, 'mark');
      const child = `(trap 'touch ${mark}; exit' TERM; while :; do sleep 0.05; done) &`;
      await bootstrap('parent', { KeepAlive: false, ProgramArguments: ['/bin/sh', '-c', `${child} sleep 0.3`] });
      await vi.waitFor(() => expect(existsSync(mark)).toBe(true), 5_000);
    });

    it.each([
      ['a missing program', { ProgramArguments: ['/none'] }],
      ['a missing folder for its log', { StandardOutPath: '/none/log' }],
    ])('cannot start one with %s: 78', async (what, keys) => {
      const label = `config-${what.length}`;
      await bootstrap(label, keys);
      expect(await field(label, 'last exit code')).toBe('78: EX_CONFIG');
    });

    it('runs it as its user, with its umask, its environment and its log', async () => {
      await mac.dscl('-create', '/Users/_someone', 'UniqueID', '321');
      await mac.dscl('-create', '/Users/_someone', 'PrimaryGroupID', '322');
      const folder = join(mac.folder, 'someone');
      mkdirSync(folder, { mode: 0o700 });
      chownSync(folder, 321, 322);
      const log = join(folder, 'log');
      await bootstrap('someone', {
        UserName: '_someone',
        Umask: '077',
        EnvironmentVariables: { HOME: folder },
        KeepAlive: false,
        StandardOutPath: log,
        ProgramArguments: [
          '/bin/sh',
          '-c',
          `touch ${folder}/file; id -u; id -g; id -G; umask; env | sort | grep -v ^_`,
        ],
      });
      await seen('someone', 'last exit code', '0');
      expect(
        readFileSync(log, 'utf8')
          .split('\n')
          .filter((line) => !/^(?:PWD|OLDPWD|SHLVL)=/.test(line)),
      ).toEqual([
        '321',
        '322',
        '322',
        '0077',
        `HOME=${folder}`,
        'PATH=/usr/bin:/bin:/usr/sbin:/sbin',
        'XPC_SERVICE_NAME=someone',
        '',
      ]);
      expect([statSync(log).uid, statSync(join(folder, 'file')).mode & 0o777]).toEqual([321, 0o600]);
    });

    it.each(['in order', 'power cut'] as const)(
      'reboots (%s): what ran is gone, what starts at load is there again',
      async (how) => {
        const label = `boot-${how.length}`;
        const mark = join(mac.folder, label);
        const argv = ['/bin/sh', '-c', `trap 'touch ${mark}; exit 0' TERM; while :; do sleep 0.05; done`];
        await bootstrap(label, { ProgramArguments: argv, KeepAlive: { SuccessfulExit: false } });
        const pid = await pidOf(label);
        await mac.reboot(how);
        expect(await pidOf(label)).not.toBe(pid);
        expect(existsSync(mark)).toBe(how === 'in order');
        await mac.launchctl('bootout', `system/${label}`);
      },
    );
  });

  describe('dscl', () => {
    it('makes, reads, lists and removes a record', async () => {
      await mac.dscl('-create', '/Groups/_g');
      await mac.dscl('-create', '/Groups/_g', 'PrimaryGroupID', '399');
      expect((await mac.dscl('-read', '/Groups/_g', 'PrimaryGroupID')).stdout).toBe('PrimaryGroupID: 399');
      expect((await mac.dscl('-list', '/Groups', 'PrimaryGroupID')).stdout).toMatch(/^_g\s+399$/m);
      await mac.dscl('-delete', '/Groups/_g');
      expect(await mac.dscl('-read', '/Groups/_g', 'PrimaryGroupID')).toMatchObject({
        exitCode: 56,
        stderr: '<dscl_cmd> DS Error: -14136 (eDSRecordNotFound)',
      });
    });

    it('lets nobody but root change anything', async () => {
      const ended = await execa('dscl', ['.', '-create', '/Users/x'], { env: mac.env, uid: 65534, reject: false });
      expect(ended.exitCode).toBe(40);
    });
  });

  function rewritten(label: string, text: string): string {
    const path = plist(label);
    writeFileSync(path, text);
    return path;
  }
});

describeAsRoot('a test that uses launchctl load', () => {
  it('fails when it ends', async () => {
    const mac = await Mac.start();
    expect((await mac.launchctl('load', '/x.plist')).exitCode).toBe(0);
    await expect(mac[Symbol.asyncDispose]()).rejects.toThrow('launchctl load /x.plist was used');
  });
});
