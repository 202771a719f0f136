import { readFileSync } from 'node:fs';
import { appRoutes } from '@bull-board/api/dist/routes.js';
import { type Job, Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { sendControl } from '../../src/adapters/control-stream.ts';
import { signControl } from '../../src/contract/control.ts';
import { KeyRing, type Report, type Task, verifyReport } from '../../src/contract/index.ts';
import { basic, noSchedules, testServer } from '../dashboard/support.ts';
import { testLedger } from '../services/support.ts';
import { ownRedis } from './own-redis.ts';
import { TestHome } from './test-home.ts';

const PREFIX = '{savorg}';
const CONTROL = `${PREFIX}:ops-control`;
const QUEUES = ['ops', 'ops-mini-1', 'ops-results', 'ops-alerts'];
const SOON = { timeout: 15_000 };

const stack = new AsyncDisposableStack();
const reports: Report[] = [];
let url: string;
let admin: Redis;
let passwords: string;
let home: TestHome;

beforeAll(async () => {
  url = stack.use(await ownRedis()).url;
  admin = stack.adopt(new Redis(url), (redis) => redis.disconnect());
  const maker = stack.use(await TestHome.make());
  passwords = maker.path('passwords');
  const { stdout } = await maker.ops('redis', 'acl', '--passwords', passwords);
  for (const line of stdout.split('\n')) await admin.call('ACL', 'SETUSER', ...line.split(' ').slice(1));
  const env = { REDIS_URL: urlOf('daemon-mini-1'), OPS_DASHBOARD: '127.0.0.1:0' };
  home = stack.use(await TestHome.make(env, { readResults: false }));
  await home.start();
  await readReports();
}, 60_000);
afterAll(() => stack.disposeAsync());

/** Redis for one of the users that `ops redis acl` made. */
function urlOf(role: string): string {
  const own = new URL(url);
  own.username = `savorg-${role}`;
  own.password = readFileSync(`${passwords}/savorg-${role}`, 'utf8').trim();
  return own.href;
}

function connect(role: string): Redis {
  const redis = new Redis(urlOf(role), { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  return stack.adopt(redis, (connection) => connection.disconnect());
}

/** As Manager. */
async function readReports(): Promise<void> {
  const ring = KeyRing.parse(JSON.parse(readFileSync(home.home.etc.keyring, 'utf8')));
  const read = async ({ data }: Job) => void reports.push(await verifyReport(data, ring));
  const worker = new Worker('ops-results', read, { connection: connect('manager'), prefix: PREFIX });
  stack.defer(() => worker.close(true));
  await worker.waitUntilReady();
}

function queue(name: string, role: string, options = {}): Queue {
  const opened = new Queue(name, { connection: connect(role), prefix: PREFIX, ...options });
  return stack.adopt(opened, (connection) => connection.close());
}

const running = (...argv: string[]) => ({ action: 'infra.command', with: { argv, undo: ['true'] } });

/** As Manager, with PlanReview's approval, and without Security's clearance. */
async function send(task: Task, options = {}): Promise<Job> {
  const attestations = await Promise.all([home.sign(task, 'manager'), home.sign(task, 'plan-review')]);
  return queue('ops-mini-1', 'manager').add('infra', { task, attestations }, { jobId: task.task_id, ...options });
}

const clear = async (task: Task) => sendControl(connect('security'), CONTROL, await home.sign(task, 'security'));

async function reported(taskId: string): Promise<Report> {
  const found = () => reports.find(({ evidence }) => evidence.task_id === taskId);
  await vi.waitFor(() => expect(found()).toBeDefined(), SOON);
  return found() as Report;
}

it('a task of Manager is held, cleared late on the control stream, runs, and is reported', async () => {
  const events = new QueueEvents('ops-mini-1', { connection: connect('manager'), prefix: PREFIX });
  stack.defer(() => events.close());
  await events.waitUntilReady();
  const task = home.task('acl-1', [running('echo', 'hello')]);
  const job = await send(task);
  await expect.poll(() => job.getState(), SOON).toBe('delayed');
  await clear(task);
  await job.waitUntilFinished(events, SOON.timeout);
  expect((await reported('acl-1')).ops_output.status).toBe('completed');
  const { logs } = await queue('ops-mini-1', 'manager').getJobLogs('acl-1');
  expect(logs).toEqual(['hello', expect.stringContaining('status: completed')]);
});

it('a veto of Security ends what runs, and a task that waits for its time runs then', async () => {
  const late = home.task('acl-late', [running('true')]);
  await clear(late);
  await send(late, { delay: 1_000, priority: 3 });
  const task = home.task('acl-2', [running('sleep', '60')]);
  await clear(task);
  await send(task);
  await expect.poll(async () => (await home.ops('status', '--json')).stdout, SOON).toMatch(/"running": \[\s+"acl-2"/);
  const veto = { verb: 'veto', target: 'task:acl-2', reason: 'a test', jti: 'veto-1' } as const;
  const statement = { ...veto, issuedAt: new Date(), validForMs: 60_000 };
  await sendControl(connect('security'), CONTROL, await signControl(home.key('security'), statement));
  expect((await reported('acl-2')).evidence.outcome).toBe('vetoed');
  expect((await reported('acl-late')).ops_output.status).toBe('completed');
});

it('what is malformed is refused, and what lacks a signature is held', async () => {
  const bad = queue('ops', 'manager');
  await bad.addBulk([{ name: 'infra', data: { no: 'task' } }]);
  await vi.waitFor(
    () => expect(reports.some(({ evidence }) => evidence.reason?.startsWith('malformed'))).toBe(true),
    SOON,
  );
  const held = await send(home.task('acl-held', [running('true')]));
  await expect.poll(() => held.getState(), SOON).toBe('delayed');
});

it('a daemon that was killed takes up what it had begun', async () => {
  const task = home.task('acl-killed', [running('sleep', '60')], { on_interrupt: 'stop' });
  await clear(task);
  const job = await send(task);
  await expect.poll(() => job.getState(), SOON).toBe('active');
  await expect.poll(async () => (await home.ops('tasks')).stdout, SOON).toContain('acl-killed');
  await home.kill();
  await home.start();
  expect((await reported('acl-killed')).evidence.outcome).toBe('interrupted');
}, 30_000);

it('the operator uses the daemon’s', async () => {
  expect((await home.ops('status')).stdout).toContain('(ready)');
  expect(await home.ops('undo', 'acl-1')).toMatchObject({ exitCode: 0 });
  expect(await home.ops('clear', 'acl-held')).toMatchObject({ exitCode: 0 });
  expect((await reported('acl-held')).ops_output.status).toBe('completed');
  expect(await home.ops('veto', 'plan:none', '--reason', 'a test')).toMatchObject({ exitCode: 0 });
});

const pages = appRoutes.api
  .filter(({ method }) => method === 'get')
  .map(({ route }) => `/queues${[route].flat()[0]}?activeQueue=ops-mini-1`)
  .map((path) => path.replace(':queueName', 'ops-mini-1').replace(':jobId', 'acl-1'));

const look = (page: string) => {
  const authorization = basic(readFileSync(home.home.var.dashboardPassword, 'utf8').trim());
  return fetch(`${home.state?.dashboard}${page}`, { headers: { authorization } });
};

it('the daemon’s own dashboard shows what it has, too', async () => {
  expect(await (await look('/')).text()).toContain('acl-1');
  expect(await (await look('/metrics')).text()).toMatch(/^ops_queue_jobs\{queue="ops-mini-1",state="completed"\} \d/m);
});

it.each(pages)('whoever looks sees the same with a user who only looks: %s', async (page) => {
  const own = await testServer();
  const redis = connect('dashboard');
  await redis.ping();
  const queues = QUEUES.map((name) => queue(name, 'dashboard', { skipMetasUpdate: true }));
  own.show({ queues, ledger: testLedger(), running: () => [], schedules: noSchedules, redis });
  const { statusCode } = await own.look(page);
  expect([(await look(page)).status, statusCode]).toEqual([200, 200]);
});

it('stops in order, and Redis has refused nobody anything', async () => {
  expect(await home.stop()).toBe(0);
  expect(await admin.call('ACL', 'LOG')).toEqual([]);
});
