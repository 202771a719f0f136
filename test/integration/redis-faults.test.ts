import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { describe, expect, it, vi } from 'vitest';
import { readEntry } from '../../src/log-text.ts';
import { ownRedis } from './own-redis.ts';
import { TestHome } from './test-home.ts';

const ANY_PORT = '127.0.0.1:0';
/** Settled by redelivery: BullMQ looks every 10 s for jobs whose lock is gone. */
const SETTLED = { timeout: 40_000, interval: 250 };
const SOON = { timeout: 10_000 };

/** What `expect.poll` does, which concurrent tests cannot use. */
function eventually<T>(look: () => T | Promise<T>, { timeout, interval = 50 }: { timeout: number; interval?: number }) {
  const wait = (check: (seen: T) => void) => vi.waitFor(async () => check(await look()), { timeout, interval });
  return {
    toBe: (value: unknown) => wait((seen) => expect(seen).toBe(value)),
    toMatch: (pattern: RegExp) => wait((seen) => expect(seen).toMatch(pattern)),
  };
}

/** A task of one command that says that it ran, and waits until `go` is there. */
function waitingTask(home: TestHome, id: string) {
  const [ran, go] = [home.path(`${id}.ran`), home.path(`${id}.go`)];
  const script = `echo ran >> ${ran}; while [ ! -e ${go} ]; do sleep 0.05; done`;
  return {
    task: home.task(id, [{ action: 'infra.command', with: { argv: ['/bin/sh', '-c', script], undo: ['true'] } }]),
    begun: () => eventually(() => existsSync(ran), SOON).toBe(true),
    goOn: () => writeFileSync(go, ''),
    times: () => readFileSync(ran, 'utf8').trim().split('\n').length,
  };
}

const quickTask = (home: TestHome, id: string) =>
  home.task(id, [{ action: 'infra.command', with: { argv: ['true'], undo: ['true'] } }]);

const jobState = (home: TestHome, id: string) => home.queue('ops-mini-1').getJobState(id);

/** Has a job stand as if its lock had run out, and had been missed once: so it is delivered again by the next look. */
async function loseLock(redis: Redis, id: string): Promise<void> {
  await redis.del(`{savorg}:ops-mini-1:${id}:lock`);
  await redis.sadd('{savorg}:ops-mini-1:stalled', id);
}

/** What the log says besides the events of tasks, the start and the stop. */
function linesAboutRedis(home: TestHome) {
  const entries = readFileSync(home.home.var.log, 'utf8').split('\n').map(readEntry);
  return entries.filter((entry) => entry && entry.task_id === null && !/^(ready|stopping|stopped)$/.test(entry.event));
}

const finals = (home: TestHome, id: string) =>
  home.reports.filter(({ evidence }) => evidence.task_id === id && evidence.final);

const readyz = async (home: TestHome) => (await fetch(`${home.state?.dashboard}/readyz`)).status;

const newPassword = async (redis: Redis, password: string) => {
  await redis.config('SET', 'requirepass', password);
  // The connection that says so stays.
  await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
};

describe('a Redis that refuses', () => {
  type Fault = [what: string, reason: RegExp, (admin: Redis) => Promise<unknown>, (admin: Redis, url: URL) => unknown];
  const faults: Fault[] = [
    [
      'F22: is out of memory',
      /OOM.*its memory is full/,
      (admin) => admin.config('SET', 'maxmemory', 1),
      (admin) => admin.config('SET', 'maxmemory', 0),
    ],
    [
      'F23: is a replica',
      /READONLY.*it is a replica/,
      (admin) => admin.replicaof('127.0.0.1', 1),
      (admin) => admin.replicaof('NO', 'ONE'),
    ],
    [
      'F24: lost a permission',
      /NOPERM.*evalsha.*allow this user/,
      (admin) => admin.call('ACL', 'SETUSER', 'default', '-evalsha'),
      (admin) => admin.call('ACL', 'SETUSER', 'default', '+@all'),
    ],
    [
      'F24: has another password',
      /WRONGPASS.*look at the user and the password/,
      (admin) => newPassword(admin, 'another'),
      (admin, { password }) => admin.config('SET', 'requirepass', password),
    ],
    [
      'F25: may evict, and nobody said so',
      /maxmemory-policy allkeys-lru.*noeviction/,
      async (admin) => {
        await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
        await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      },
      (admin) => admin.config('SET', 'maxmemory-policy', 'noeviction'),
    ],
  ];

  it.concurrent.each(faults)(
    '%s: nothing new is taken, it is said in few lines, and all goes on without a restart',
    async (_what, reason, breakIt, mendIt) => {
      await using redis = await ownRedis();
      await using home = await TestHome.make({
        REDIS_URL: redis.url,
        OPS_DASHBOARD: ANY_PORT,
        OPS_LOG_LEVEL: 'debug',
      });
      await home.start();
      const running = waitingTask(home, 'runs');
      await home.submit(running.task);
      await running.begun();
      for (let n = 1; n <= 5; n += 1) await home.submit(quickTask(home, `waits-${n}`));
      await breakIt(redis.admin);
      running.goOn();
      await eventually(() => home.state?.state, SOON).toBe('waiting');
      await eventually(() => home.state?.reason, SOON).toMatch(reason);
      expect(await readyz(home)).toBe(503);
      expect((await home.ops('status')).stdout).toMatch(reason);
      await mendIt(redis.admin, new URL(redis.url));
      await eventually(() => home.state?.state, { timeout: 20_000 }).toBe('ready');
      if ((await jobState(home, 'runs')) === 'active') await loseLock(redis.admin, 'runs');
      expect((await home.report('runs')).ops_output.status).toBe('completed');
      for (let n = 1; n <= 5; n += 1) await home.report(`waits-${n}`, 1, 40_000);
      await eventually(() => jobState(home, 'runs'), SETTLED).toBe('completed');
      expect([running.times(), finals(home, 'runs').length]).toEqual([1, 1]);
      expect(await readyz(home)).toBe(200);
      expect(linesAboutRedis(home).length).toBeLessThanOrEqual(20);
    },
    120_000,
  );
});

describe('a Redis without memory while tasks wait', () => {
  it.concurrent('F22: is left in peace within a second, where BullMQ asks it thousands of times', async () => {
    await using redis = await ownRedis();
    await using home = await TestHome.make({ REDIS_URL: redis.url }, { readResults: false });
    await home.start();
    const running = waitingTask(home, 'runs');
    await home.submit(running.task);
    await running.begun();
    for (let n = 1; n <= 200; n += 1) await home.submit(quickTask(home, `waits-${n}`));
    // What Redis refuses; the control stream may be read all the same.
    const refused = /cmdstat_evalsha:.*failed_calls=(\d+)/;
    const scripts = async () => Number(refused.exec(await redis.admin.info('commandstats'))?.[1]);
    await redis.admin.config('SET', 'maxmemory', 1);
    running.goOn();
    await eventually(() => home.state?.state, { timeout: 10_000, interval: 5 }).toBe('waiting');
    const before = await scripts();
    // As long as the breaker itself has asked twice.
    await eventually(() => home.state?.reason, SOON).toMatch(/its memory is full/);
    await home.ops('status');
    // Each of the 64 deliveries in hand is put back once. Without the breaker's pause all 200 are taken, again and again.
    expect((await scripts()) - before).toBeLessThan(128);
  }, 60_000);
});

describe('a Redis that dies', () => {
  it.concurrent('F18: and comes back empty in the middle of a task: it is reported once, and cannot be replayed', async () => {
    await using redis = await ownRedis();
    await using home = await TestHome.make({ REDIS_URL: redis.url });
    await home.start();
    const running = waitingTask(home, 'runs');
    await home.submit(running.task);
    await running.begun();
    await redis.kill();
    running.goOn();
    await eventually(() => home.state?.state, SOON).toBe('waiting');
    redis.restore();
    await redis.start();
    const report = await home.report('runs', 1, 30_000);
    expect(report.ops_output.status).toBe('completed');
    await home.submit(running.task);
    await eventually(() => jobState(home, 'runs'), SOON).toBe('completed');
    expect((await home.queue('ops-mini-1').getJob('runs'))?.returnvalue).toEqual(report.ops_output);
    expect([running.times(), finals(home, 'runs').length]).toEqual([1, 1]);
  }, 60_000);

  it.concurrent.each([
    ['F20: has lost the tail of its file', true],
    ['F21: comes back as it was before, with its old mark', false],
  ])(
    '%s: what was done comes again, and is answered from the ledger',
    async (_what, published) => {
      await using redis = await ownRedis();
      await using home = await TestHome.make({ REDIS_URL: redis.url });
      await home.start();
      if (!published) {
        await home.submit(quickTask(home, 'earlier'));
        await home.report('earlier');
      }
      const running = waitingTask(home, 'runs');
      await home.submit(running.task);
      await running.begun();
      const old = await redis.copy();
      running.goOn();
      const first = await home.report('runs');
      await eventually(() => jobState(home, 'runs'), SOON).toBe('completed');
      await redis.kill();
      redis.restore(old);
      await redis.start();
      await loseLock(redis.admin, 'runs');
      // The report was lost, too, and comes again with the same id.
      expect((await home.report('runs', 2, 30_000)).evidence).toEqual(first.evidence);
      await eventually(() => jobState(home, 'runs'), SETTLED).toBe('completed');
      expect((await home.queue('ops-mini-1').getJob('runs'))?.returnvalue).toEqual(first.ops_output);
      expect(running.times()).toBe(1);
      expect((await home.ops('audit', 'verify')).exitCode).toBe(0);
    },
    90_000,
  );
});

/** Passes everything on, until it is told to leave the connections it has as they are, and pass nothing on. */
async function proxyTo(url: string) {
  const { hostname, port } = new URL(url);
  const pairs: [Socket, Socket][] = [];
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    pairs.push([near, far]);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = new URL(url);
  near.port = String((server.address() as { port: number }).port);
  return {
    url: near.href,
    silence: () => {
      for (const pair of pairs) for (const socket of pair) socket.unpipe().pause();
    },
    [Symbol.dispose]: () => {
      server.close();
      for (const pair of pairs) for (const socket of pair) socket.destroy();
    },
  };
}

describe('a Redis that is silent', () => {
  it.concurrent('F26: for a while is waited for: nothing runs twice, and the report comes', async () => {
    await using redis = await ownRedis();
    await using home = await TestHome.make({ REDIS_URL: redis.url });
    await home.start();
    const running = waitingTask(home, 'runs');
    await home.submit(running.task);
    await running.begun();
    process.kill(redis.pid, 'SIGSTOP');
    running.goOn();
    await eventually(() => home.state?.state, { timeout: 40_000 }).toBe('waiting');
    process.kill(redis.pid, 'SIGCONT');
    expect((await home.report('runs', 1, 40_000)).ops_output.status).toBe('completed');
    await eventually(() => home.state?.state, { timeout: 40_000 }).toBe('ready');
    await eventually(() => jobState(home, 'runs'), SETTLED).toBe('completed');
    expect([running.times(), finals(home, 'runs').length]).toEqual([1, 1]);
    expect(linesAboutRedis(home).length).toBeLessThanOrEqual(20);
  }, 150_000);

  it.concurrent('F26: because its connections are half-open is found again over new ones', async () => {
    await using redis = await ownRedis();
    using proxy = await proxyTo(redis.url);
    await using home = await TestHome.make({ REDIS_URL: proxy.url });
    await home.start();
    const running = waitingTask(home, 'runs');
    await home.submit(running.task);
    await running.begun();
    proxy.silence();
    running.goOn();
    await eventually(() => home.state?.state, { timeout: 40_000 }).toBe('waiting');
    await eventually(() => home.state?.state, { timeout: 40_000 }).toBe('ready');
    await eventually(() => redis.admin.get('{savorg}:published:mini-1'), { timeout: 20_000 }).toBe('1');
    expect(running.times()).toBe(1);
  }, 120_000);
});

describe('a job whose lock is lost', () => {
  it.concurrent.each([
    ['F27: because somebody removed it', async () => undefined],
    [
      'F28: because the daemon stood still for too long',
      async ({ pid }: TestHome, loseIt: () => Promise<void>) => {
        process.kill(pid, 'SIGSTOP');
        await loseIt();
        process.kill(pid, 'SIGCONT');
      },
    ],
  ])(
    '%s: is delivered again while it runs, and does not run twice',
    async (_what, standStill) => {
      await using home = await TestHome.make();
      await home.start();
      const running = waitingTask(home, 'runs');
      await home.submit(running.task);
      await running.begun();
      const loseIt = () => loseLock(home.redis, 'runs');
      await standStill(home, loseIt);
      await loseIt();
      const attempts = async () => (await home.queue('ops-mini-1').getJob('runs'))?.attemptsStarted;
      await eventually(attempts, SETTLED).toBe(2);
      running.goOn();
      expect((await home.report('runs')).ops_output.status).toBe('completed');
      await eventually(() => jobState(home, 'runs'), SETTLED).toBe('completed');
      expect([running.times(), finals(home, 'runs').length]).toEqual([1, 1]);
    },
    100_000,
  );
});
