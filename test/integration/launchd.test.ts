import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeAsRoot } from '../doubles/as-root.ts';
import { InstalledHost } from '../install/installed-host.ts';
import { isAlive, processesOf } from './test-home.ts';

/** A command that tells by a file that it runs, and goes on until it is ended. */
function endless(host: InstalledHost, name: string, { deaf = false } = {}) {
  const mark = join(host.home.var.dir, 'home', name);
  const first = deaf ? "trap '' TERM; " : '';
  return { mark, argv: ['/bin/sh', '-c', `${first}echo on > ${mark}; while :; do sleep 0.05; done`] };
}

const runs = (mark: string) => vi.waitFor(() => expect(existsSync(mark)).toBe(true), { timeout: 15_000 });

describeAsRoot('installed under launchd', () => {
  let host: InstalledHost;
  beforeAll(async () => {
    host = await InstalledHost.make();
    await host.install();
  }, 60_000);
  afterAll(() => host[Symbol.asyncDispose](), 60_000);

  it('runs a task that Manager sends, and its report arrives', async () => {
    await host.manager.submit('first', ['id', '-u']);
    expect((await host.manager.report('first')).ops_output.status).toBe('completed');
    expect((await host.ops('report', 'first')).exitCode).toBe(0);
  });

  it('T18: runs commands that can change neither its code, its settings, its node, its plist nor ops', async () => {
    const { root, home, bin, mac } = host;
    const files = ['app/current/dist/src/main.js', 'app/current/package.json', 'node'].map((name) => join(root, name));
    files.push(home.etc.ops, home.etc.policy, home.etc.keyring, home.etc.redisUrl, home.etc.operatorKey);
    files.push(join(bin, 'ops'), join(mac.launchDaemons, 'com.savorg.ops.plist'));
    const before = files.map((path) => readFileSync(path, 'latin1'));
    const folders = [root, join(root, 'app'), join(root, 'app/current/dist'), home.etc.dir, mac.launchDaemons];
    const mine = join(home.var.dir, 'home');
    const script = 'for f; do (echo x >> "$f" || mkdir "$f/x") 2>/dev/null && echo "changed $f"; done; true';
    await host.manager.submit('spoil', ['/bin/sh', '-c', script, 'sh', ...files, ...folders, mine]);
    expect((await host.manager.report('spoil')).ops_output.status).toBe('completed');
    expect(readFileSync(join(home.var.output, 'spoil.log'), 'utf8')).toBe(`changed ${mine}\n`);
    expect(files.map((path) => readFileSync(path, 'latin1'))).toEqual(before);
  });

  it('F13: stops with 0 when it is told to, and stays down; what was open is reported after the next start', async () => {
    const { mark, argv } = endless(host, 'stopped', { deaf: true });
    await host.manager.submit('stopped', argv);
    await runs(mark);
    expect(processesOf('stopped')).not.toEqual([]);
    const pid = host.state?.pid ?? Number.NaN;
    const told = performance.now();
    await host.launchctl('stop', 'com.savorg.ops');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 45_000 });
    // It is waited for, and killed in time: launchd kills the daemon at 45 s.
    const tookMs = performance.now() - told;
    expect(tookMs).toBeGreaterThan(20_000);
    expect(tookMs).toBeLessThan(40_000);
    expect(await host.printed('last exit code')).toBe('0');
    expect(await host.printed('state')).toBe('not running');
    expect(processesOf('stopped')).toEqual([]);
    await host.launchctl('start', 'com.savorg.ops');
    expect((await host.manager.report('stopped')).evidence.outcome).toBe('interrupted');
  }, 90_000);

  it('does what was enqueued while it was stopped: Redis is up', async () => {
    await host.launchctl('stop', 'com.savorg.ops');
    await expect.poll(() => host.printed('state'), { timeout: 15_000 }).toBe('not running');
    await host.manager.submit('meanwhile', ['true']);
    await host.launchctl('start', 'com.savorg.ops');
    expect((await host.manager.report('meanwhile')).ops_output.status).toBe('completed');
  }, 60_000);

  it('is started again by exit code 75, and lets what runs end before', async () => {
    const go = join(host.home.var.dir, 'home/go');
    const mark = join(host.home.var.dir, 'home/again');
    await host.manager.submit('again', ['/bin/sh', '-c', `touch ${mark}; until test -e ${go}; do sleep 0.05; done`]);
    await runs(mark);
    const before = host.state?.pid;
    await host.launchctl('kill', 'SIGUSR2', 'system/com.savorg.ops');
    await vi.waitFor(() => expect(host.state?.state).toBe('stopping'), 10_000);
    writeFileSync(go, '');
    await host.ready(before);
    expect(await host.printed('last exit code')).toBe('75');
    expect((await host.manager.report('again')).ops_output.status).toBe('completed');
  }, 60_000);

  it.each(['SIGSEGV', 'SIGKILL'] as const)(
    'is started again after %s, and says what that interrupted',
    async (signal) => {
      const { mark, argv } = endless(host, signal);
      await host.manager.submit(signal.toLowerCase(), argv);
      await runs(mark);
      const before = host.state?.pid ?? Number.NaN;
      process.kill(before, signal);
      await host.ready(before);
      expect((await host.manager.report(signal.toLowerCase())).evidence.outcome).toBe('interrupted');
      expect(processesOf(signal.toLowerCase())).toEqual([]);
    },
    60_000,
  );

  it('comes back after an orderly boot, which lets what runs end; its report is published then', async () => {
    const mark = join(host.home.var.dir, 'home/orderly');
    await host.manager.submit('orderly', ['/bin/sh', '-c', `touch ${mark}; sleep 1`]);
    await runs(mark);
    const before = host.state?.pid;
    await host.mac.reboot('in order');
    await host.ready(before);
    expect((await host.manager.report('orderly')).ops_output.status).toBe('completed');
  }, 90_000);

  it('comes back after a power cut, and says what that interrupted', async () => {
    const { mark, argv } = endless(host, 'cut');
    await host.manager.submit('cut', argv);
    await runs(mark);
    const before = host.state?.pid;
    await host.mac.reboot('power cut');
    await host.ready(before);
    expect((await host.manager.report('cut')).evidence.outcome).toBe('interrupted');
    expect(processesOf('cut')).toEqual([]);
  }, 60_000);

  it('waits in safe mode for a configuration that can be used: no crash loop', async () => {
    const good = readFileSync(host.home.etc.policy, 'utf8');
    writeFileSync(host.home.etc.policy, 'allow: [');
    const before = host.state?.pid;
    await host.launchctl('kill', 'SIGUSR2', 'system/com.savorg.ops');
    await vi.waitFor(() => expect(host.state).toMatchObject({ state: 'safe-mode' }), { timeout: 20_000 });
    const { pid } = host.state ?? {};
    expect(pid).not.toBe(before);
    const status = await host.ops('status', '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({ state: 'safe-mode', pid });
    writeFileSync(host.home.etc.policy, good);
    await host.launchctl('kill', 'SIGUSR2', 'system/com.savorg.ops');
    await host.ready(pid);
    expect(await host.printed('last exit code')).toBe('75');
  }, 60_000);

  it('has a Redis that launchd keeps, with its data', async () => {
    const before = await host.printed('pid', 'com.savorg.redis');
    process.kill(Number(before), 'SIGKILL');
    await expect.poll(() => host.printed('pid', 'com.savorg.redis'), { timeout: 20_000 }).not.toBe(before);
    await host.manager.submit('new-redis', ['true']);
    expect((await host.manager.report('new-redis')).ops_output.status).toBe('completed');
  }, 60_000);
});

describeAsRoot('with the times of the real plist', () => {
  it('is back within its ThrottleInterval and 5 s after kill -9, and does not crash again', async () => {
    await using host = await InstalledHost.make();
    await host.install(host.package({ throttle: 10 }));
    const before = host.state?.pid ?? Number.NaN;
    const killed = performance.now();
    process.kill(before, 'SIGKILL');
    await host.ready(before);
    expect(performance.now() - killed).toBeLessThan(15_000);
    await host.manager.submit('after', ['true']);
    expect((await host.manager.report('after')).ops_output.status).toBe('completed');
  }, 90_000);
});
