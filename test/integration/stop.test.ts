import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownRedis } from './own-redis.ts';
import { isAlive, processesOf, TestHome } from './test-home.ts';

/** Runs until the file `go` is there, or for ever without one; deaf to TERM where asked. */
function busy(home: TestHome, name: string, { deaf = false } = {}) {
  const [mark, go] = [home.path(`${name}.on`), home.path(`${name}.go`)];
  const script = `${deaf ? "trap '' TERM; " : ''}echo on > ${mark}; until test -e ${go}; do sleep 0.05; done`;
  return { action: { action: 'infra.command', with: { argv: ['/bin/sh', '-c', script], undo: ['true'] } }, mark, go };
}

const pidIn = (path: string) => Number(readFileSync(path, 'utf8'));

describe('a daemon that is told to be started again', () => {
  it('F16: lets what runs end, and ends with 75; the signals for a closed terminal and pipe mean nothing', async () => {
    await using home = await TestHome.make();
    await home.start();
    const { action, mark, go } = busy(home, 'again');
    await home.submit(home.task('again', [action]));
    await expect.poll(() => existsSync(mark)).toBe(true);
    for (const signal of ['SIGHUP', 'SIGPIPE']) process.kill(home.pid, signal);
    const ended = home.end('SIGUSR2');
    await expect.poll(() => home.state?.state).toBe('stopping');
    writeFileSync(go, '');
    expect(await ended).toBe(75);
    await home.start();
    expect((await home.report('again')).ops_output.status).toBe('completed');
  }, 40_000);
});

describe('a daemon that is told twice to stop', () => {
  it('F14: waits no longer for what runs: ends it, leaves its task open, and ends with 0', async () => {
    await using home = await TestHome.make();
    await home.start();
    const { action, mark } = busy(home, 'twice', { deaf: true });
    await home.submit(home.task('twice', [action]));
    await expect.poll(() => existsSync(mark)).toBe(true);
    expect(processesOf('twice')).not.toEqual([]);
    const ended = home.end('SIGTERM');
    await expect.poll(() => home.state?.state).toBe('stopping');
    const hurried = performance.now();
    process.kill(home.pid, 'SIGTERM');
    expect(await ended).toBe(0);
    expect(performance.now() - hurried).toBeLessThan(15_000);
    expect(processesOf('twice')).toEqual([]);
    await home.start();
    expect((await home.report('twice')).evidence.outcome).toBe('interrupted');
  }, 60_000);
});

describe('a Manager that enqueues while the daemon is stopped', () => {
  it('has its task done after the start', async () => {
    await using redis = await ownRedis();
    await using home = await TestHome.make({ REDIS_URL: redis.url });
    await home.start();
    expect(await home.stop()).toBe(0);
    const task = home.task('waits', [{ action: 'infra.command', with: { argv: ['true'], undo: ['true'] } }]);
    await home.submit(task);
    expect(home.state).toBeNull();
    await home.start();
    expect((await home.report('waits')).ops_output.status).toBe('completed');
  }, 40_000);
});

describe('a daemon that is asked to stop', () => {
  it('F11: ends with 0 within 2 s where nothing runs', async () => {
    await using redis = await ownRedis();
    await using home = await TestHome.make({ REDIS_URL: redis.url });
    await home.start();
    const { pid } = home;
    const told = performance.now();
    expect(await home.end('SIGTERM')).toBe(0);
    expect(performance.now() - told).toBeLessThan(2_000);
    expect(isAlive(pid)).toBe(false);
  }, 30_000);

  it('ends its own Redis even if it was still starting', async () => {
    await using home = await TestHome.make();
    const redisPid = join(home.home.var.redis, 'redis.pid');
    void home.launch();
    await expect
      .poll(() => existsSync(redisPid) && pidIn(redisPid), { interval: 5, timeout: 10_000 })
      .toBeGreaterThan(1);
    const pid = pidIn(redisPid);
    expect(await home.stop()).toBe(0);
    expect(isAlive(pid)).toBe(false);
  }, 30_000);

  it('stops where nobody can write down that it does', async () => {
    await using home = await TestHome.make();
    await home.start();
    mkdirSync(`${home.home.var.daemon}.next`);
    expect(await home.stop()).toBe(0);
    expect(readFileSync(home.home.var.log, 'utf8')).toContain('"event":"stopped"');
    expect(home.state).toBeNull();
  }, 30_000);

  it('says what it could not stop, and is not in safe mode for that', async () => {
    await using home = await TestHome.make();
    await home.start();
    const pid = pidIn(join(home.home.var.redis, 'redis.pid'));
    process.kill(pid, 'SIGSTOP');
    expect(await home.stop()).toBe(0);
    process.kill(pid, 'SIGCONT');
    const log = readFileSync(home.home.var.log, 'utf8');
    expect(log).toContain(`redis-server (pid ${pid}) works in`);
    expect(log).not.toContain('safe mode');
  }, 60_000);

  it('stops while it still waits for Redis', async () => {
    await using home = await TestHome.make({ REDIS_URL: 'redis://127.0.0.1:1' });
    void home.launch();
    await expect.poll(() => existsSync(join(home.home.var.run, 'redis-url')), { timeout: 10_000 }).toBe(true);
    expect(await home.stop()).toBe(0);
    expect(readFileSync(home.home.var.log, 'utf8')).toContain('"event":"stopped"');
  }, 30_000);

  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'stops although its Redis got %s',
    async (signal) => {
      await using redis = await ownRedis();
      await using home = await TestHome.make({ REDIS_URL: redis.url }, { readResults: false });
      await home.start();
      process.kill(redis.pid, signal);
      expect(await home.stop()).toBe(0);
    },
    60_000,
  );
});
