import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic } from '../dashboard/support.ts';
import { isAlive, TestHome } from './test-home.ts';

/** Each waits for processes, on a machine that may be busy. */
const SOON = { timeout: 10_000 };

const ANY_PORT = { OPS_DASHBOARD: '127.0.0.1:0' };

const urlOf = (home: TestHome): string => home.state?.dashboard ?? '';

function look(home: TestHome, path: string, options: RequestInit = {}): Promise<Response> {
  const authorization = basic(readFileSync(home.home.var.dashboardPassword, 'utf8').trim());
  return fetch(urlOf(home) + path, { ...options, headers: { authorization } });
}

const running = (argv: string[]) => ({ action: 'infra.command', with: { argv, undo: ['true'] } });

describe('the dashboard of a daemon', () => {
  let home: TestHome;

  beforeAll(async () => {
    home = await TestHome.make(ANY_PORT);
    await home.start();
  });
  afterAll(() => home[Symbol.asyncDispose]());

  it('has a password that only the daemon can read', async () => {
    expect(statSync(home.home.var.dashboardPassword).mode & 0o777).toBe(0o600);
    expect((await fetch(urlOf(home))).status).toBe(401);
    expect((await look(home, '/')).status).toBe(200);
  });

  it('shows a task with its log and its result, a held one with what is missing, and counts them', async () => {
    await home.submit(home.task('shown-1', [running(['echo', 'hello there'])]));
    await home.report('shown-1');
    const held = await home.submit(home.task('shown-2', [running(['true'])]), ['manager']);
    await expect.poll(() => held.getState(), SOON).toBe('delayed');

    const { job } = (await (await look(home, '/queues/api/queues/ops-mini-1/shown-1')).json()) as { job: object };
    expect(job).toMatchObject({ data: { task: { reason: 'a test' } }, returnValue: { status: 'completed' } });
    const log = await (await look(home, '/queues/api/queues/ops-mini-1/shown-1/logs')).json();
    expect(log).toEqual(['hello there', expect.stringContaining('status: completed')]);
    const second = (await (await look(home, '/queues/api/queues/ops-mini-1/shown-2')).json()) as { job: object };
    expect(second.job).toMatchObject({ progress: { state: 'held', missing: ['not-approved', 'not-cleared'] } });

    const metrics = await (await look(home, '/metrics')).text();
    for (const line of [
      'ops_ready 1',
      'ops_redis_up 1',
      'ops_tasks_held 1',
      'ops_reports_total{outcome="completed"} 1',
      'ops_task_duration_seconds_count 1',
      'ops_queue_jobs{queue="ops-mini-1",state="completed"} 1',
      'ops_queue_jobs{queue="ops-mini-1",state="delayed"} 1',
      'ops_queue_jobs{queue="ops-alerts",state="waiting"} 0',
      'ops_outbox_messages 0',
    ])
      expect(metrics.split('\n')).toContain(line);
    expect(await (await look(home, '/')).text()).toMatch(/shown-2<\/td><td>not-approved, not-cleared/);
  });

  it('T24: tells nobody the password of Redis', async () => {
    const { password } = new URL(home.url);
    await home.queue('ops-alerts').add(`told ${password}`, { [password]: password }, { jobId: 'leak' });
    const answers = ['/queues/api/queues/ops-alerts/leak', '/queues/api/queues?activeQueue=ops-alerts'].map(
      async (path) => (await look(home, path)).text(),
    );
    for (const answer of await Promise.all(answers)) {
      expect(answer).toContain('told [secret]');
      expect(answer).not.toContain(password);
    }
  });

  it('changes nothing, not even for those who have the password', async () => {
    for (const path of ['pause', 'ops/pause', 'ops-mini-1/empty', 'ops-mini-1/shown-2/promote'])
      expect((await look(home, `/queues/api/queues/${path}`, { method: 'PUT' })).status).toBe(405);
    expect(await home.queue('ops').isPaused()).toBe(false);
    expect(await (await home.queue('ops-mini-1').getJob('shown-2'))?.getState()).toBe('delayed');
  });

  it('F60: is asked by more than it answers, and the work goes on', async () => {
    const paths = ['/', '/metrics', '/queues/api/queues?activeQueue=ops-mini-1', '/queues/', '/queues/nothing'];
    const asked = Array.from({ length: 300 }, (_, n) => look(home, paths[n % paths.length] ?? '/'));
    const answers = Promise.allSettled(asked.map(async (answer) => (await answer).status));
    await home.submit(home.task('meanwhile', [running(['true'])]));
    expect((await home.report('meanwhile')).ops_output.status).toBe('completed');
    const statuses = (await answers).flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    expect(statuses.length).toBeGreaterThan(50);
    expect(new Set(statuses)).toEqual(new Set([200, 404]));
    expect((await look(home, '/')).status).toBe(200);
  });

  it('is back as soon as a Redis that died', async () => {
    const answers = async () => (await look(home, '/queues/api/queues/ops-mini-1/shown-1/flow')).status;
    expect(await answers()).toBe(200);
    const { pid } = home;
    const redis = () => Number(readFileSync(`${home.home.var.redis}/redis.pid`, 'utf8'));
    const killed = redis();
    process.kill(killed, 'SIGKILL');
    await expect.poll(redis, SOON).not.toBe(killed);
    await expect.poll(answers, SOON).toBe(200);
    expect([home.state?.pid, isAlive(pid)]).toEqual([pid, true]);
  });

  it('is found by ops dashboard', async () => {
    const { stdout } = await home.ops('dashboard', '--json');
    const { port } = new URL(urlOf(home));
    expect(JSON.parse(stdout)).toEqual({
      url: urlOf(home),
      user: 'ops',
      password_in: home.home.var.dashboardPassword,
      from_elsewhere: expect.stringMatching(`^ssh -N -L ${port}:127.0.0.1:${port} \\S+@\\S+$`),
    });
    expect(stdout).not.toContain(readFileSync(home.home.var.dashboardPassword, 'utf8').trim());
  });
});

describe('a daemon in safe mode', () => {
  it('says why on its dashboard', async () => {
    await using home = await TestHome.make(ANY_PORT);
    writeFileSync(home.home.etc.policy, 'allow: 1');
    void home.launch();
    await expect.poll(() => home.state, SOON).toMatchObject({ state: 'safe-mode', dashboard: expect.any(String) });
    const answer = await fetch(`${urlOf(home)}/readyz`);
    expect(answer.status).toBe(503);
    const reason = expect.stringContaining(`${home.home.etc.policy} cannot be used`);
    expect(await answer.json()).toEqual({ state: 'safe-mode', reason });
    expect((await fetch(`${urlOf(home)}/healthz`)).status).toBe(200);
    expect(await (await look(home, '/')).text()).toContain('policy.yaml cannot be used');
    expect(await (await look(home, '/queues/api/queues')).json()).toEqual({ queues: [] });
    expect(await (await look(home, '/metrics')).text()).toContain('ops_ready 0');
    expect(await home.stop()).toBe(0);
  });
});

describe('a daemon that stops', () => {
  it('says so as long as it waits for what runs, and is gone after', async () => {
    await using home = await TestHome.make(ANY_PORT);
    await home.start();
    const url = urlOf(home);
    const mark = home.path('go-on');
    await home.submit(home.task('slow', [running(['/bin/sh', '-c', `until [ -e ${mark} ]; do sleep 0.1; done`])]));
    const page = async () => (await look(home, '/')).text();
    await expect.poll(page, SOON).toMatch(/<h2>Running <small>1<\/small><\/h2>\s*<table><tr><td>slow/);
    const stopped = home.stop();
    await expect.poll(async () => (await fetch(`${url}/readyz`)).json(), SOON).toMatchObject({ state: 'stopping' });
    expect(await page()).toContain('<td>slow</td>');
    writeFileSync(mark, '');
    expect(await stopped).toBe(0);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    expect((await home.ops('dashboard')).stderr).toBe('ops: no daemon holds this home: start it with "ops up"');
  });
});

describe('a dashboard that cannot be opened', () => {
  it('F60: is left out, and the daemon says why and works', async () => {
    await using home = await TestHome.make(ANY_PORT);
    await home.start();
    await home.stop();
    chmodSync(home.home.var.dashboardPassword, 0o644);
    await home.start();
    expect(home.state?.dashboard).toBeNull();
    await home.submit(home.task('task-1', [running(['true'])]));
    expect((await home.report('task-1')).ops_output.status).toBe('completed');
    expect(readFileSync(home.home.var.log, 'utf8')).toContain(
      `${home.home.var.dashboardPassword} can be read by others`,
    );
    const { stderr } = await home.ops('dashboard');
    expect(stderr).toContain('ops: the daemon has no dashboard: it is off in ');
  });

  it('F60: takes another port where its own is taken', async () => {
    await using first = await TestHome.make(ANY_PORT);
    await first.start();
    const { host } = new URL(urlOf(first));
    await using second = await TestHome.make({ OPS_DASHBOARD: host });
    await second.start();
    expect(urlOf(second)).not.toBe(urlOf(first));
    expect((await look(second, '/')).status).toBe(200);
    expect(readFileSync(second.home.var.log, 'utf8')).toContain('port is taken; it listens on another one');
  });

  it('is not there where nobody wants one', async () => {
    await using home = await TestHome.make({ OPS_DASHBOARD: 'off' });
    await home.start();
    expect(home.state).toMatchObject({ state: 'ready', dashboard: null });
  });
});
