import { FlowProducer, Job, type JobsOptions, Queue } from 'bullmq';
import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '../../src/adapters/clock.ts';
import { TaskJobs } from '../../src/adapters/task-queues.ts';
import { taskWorker, type WorkerOptions } from '../../src/adapters/worker.ts';
import type { Delivery } from '../../src/admission/parse.ts';
import { utcTime } from '../../src/contract/names.ts';
import type { ActionsTask } from '../../src/contract/task.ts';
import { Redactor } from '../../src/secret.ts';
import type { End, Executor } from '../../src/services/executor.ts';
import { passBy } from '../../src/services/failpoint.ts';
import { HeldTasks } from '../../src/services/held-tasks.ts';
import { nothingRan } from '../../src/services/ops-output.ts';
import { actionsTask, HOUR, reports, runCommand, sign, TestClock, testLedger, testLine } from '../services/support.ts';
import { realRedis } from './real-redis.ts';

const PREFIX = '{savorg}';
const server = realRedis();
const log = pino({ level: 'silent' });
const SECRET = 'hunter2-hunter2';
const CLOSED: WorkerOptions['breaker'] = { problem: null, trip: () => false };

function startWorker(executor: Executor, ledger = testLedger(), breaker: WorkerOptions['breaker'] = CLOSED) {
  const connection = server.connect();
  const queue = server.later(new Queue('ops', { connection, prefix: PREFIX }));
  const held = new TaskJobs(connection, [queue], systemClock, (task) => ledger.heldData(task));
  const worker = taskWorker({
    queue: 'ops',
    prefix: PREFIX,
    redis: server.connect(),
    breaker,
    executor,
    ledger,
    clock: systemClock,
    log,
    redactor: new Redactor([SECRET]),
    onHeld: (job) => held.putAside(job),
    reached: passBy,
  });
  server.later({ close: () => worker.close(true) });
  void worker.run();
  const stateOf = (id: string) => queue.getJobState(id);
  return { queue, held, worker, stateOf };
}

/** A worker over the whole line. */
async function start() {
  const clock = new TestClock(Date.now());
  const line = await testLine({ clock });
  const task = (more: Partial<ActionsTask> = {}) =>
    actionsTask({ expires_at: utcTime(clock.now() + 12 * HOUR), actions: [runCommand(['once'])], ...more });
  const tokens = (of: ActionsTask, ...roles: ('manager' | 'plan-review' | 'security')[]) =>
    Promise.all(roles.map((role) => sign(role, of, clock.now())));
  const submission = async (of: ActionsTask) => ({
    task: of,
    attestations: await tokens(of, 'manager', 'plan-review', 'security'),
  });
  return { line, task, tokens, submission, ...startWorker(line.executor, line.ledger) };
}

/** A worker over an executor that does what the test says. */
function startWith(execute: (delivery: Delivery) => Promise<End>, breaker = CLOSED) {
  return startWorker({ execute } as unknown as Executor, testLedger(), breaker);
}

const done = nothingRan('task-1', 'config', { code: 'c', message: 'm', owner: 'manager' });
const ran: End = { kind: 'ran', opsOutput: { ...done, status: 'completed', blockers: [] } };

describe('a job', () => {
  it('that is completed returns its ops_output, and ends its log with it as YAML', async () => {
    const { queue, line, task, submission, stateOf } = await start();
    await queue.add('config', await submission(task()), { jobId: 'task-1' });
    await expect.poll(() => stateOf('task-1')).toBe('completed');
    const job = await queue.getJob('task-1');
    expect(job?.returnvalue).toMatchObject({ task_id: 'task-1', status: 'completed' });
    const { logs } = await queue.getJobLogs('task-1');
    expect(parse(logs.at(-1) ?? '')).toEqual({ ops_output: job?.returnvalue });
    expect(logs.at(-1)).toMatch(/^ops_output:\n {2}task_id: task-1\n {2}status: completed\n/);
    expect(line.machine.ran).toEqual(['once']);
  });

  it('that is blocked fails with its code, text and owner, and ends its log with the YAML', async () => {
    const { queue, line, task, submission, stateOf } = await start();
    line.machine.when('once', { exitCode: 3 });
    await queue.add('config', await submission(task()), { jobId: 'task-1' });
    await expect.poll(() => stateOf('task-1')).toBe('failed');
    const job = await queue.getJob('task-1');
    expect(job?.failedReason).toBe('command-failed: step 1 (run once): exit code 3 (owner: manager)');
    const { logs } = await queue.getJobLogs('task-1');
    expect(parse(logs.at(-1) ?? '')).toMatchObject({ ops_output: { status: 'blocked', blockers: [{}] } });
  });

  it('T24: tells no secret that its task ran into', async () => {
    const { queue, line, task, submission, stateOf } = await start();
    line.machine.when('once', { exitCode: 3, message: `cannot log in by ${SECRET}` });
    await queue.add('config', await submission(task()), { jobId: 'task-1' });
    await expect.poll(() => stateOf('task-1')).toBe('failed');
    const job = await queue.getJob('task-1');
    expect(job?.failedReason).toContain('cannot log in by [secret]');
    expect(JSON.stringify([job?.stacktrace, await queue.getJobLogs('task-1')])).not.toContain(SECRET);
  });

  const options: [string, JobsOptions][] = [
    ['attempts and a backoff', { attempts: 5, backoff: { type: 'fixed', delay: 1 } }],
    ['an exponential backoff', { attempts: 3, backoff: { type: 'exponential', delay: 1 } }],
    ['a delay', { delay: 30 }],
    ['a priority', { priority: 7 }],
    ['lifo', { lifo: true }],
    ['the wish to be removed', { removeOnComplete: true, removeOnFail: true }],
    ['a parent to be failed with it', { failParentOnFailure: true }],
    ['a limit of its stack traces', { stackTraceLimit: -1 }],
  ];
  for (const exitCode of [0, 1]) {
    it.each(options)(`T13: with %s runs once (exit code ${exitCode})`, async (_, more) => {
      const { queue, line, task, submission, stateOf } = await start();
      line.machine.when('once', { exitCode });
      await queue.add('config', await submission(task()), { jobId: 'task-1', ...more });
      await expect.poll(() => stateOf('task-1')).toBe(exitCode === 0 ? 'completed' : 'failed');
      expect(line.machine.ran.filter((argv) => argv === 'once')).toHaveLength(1);
      expect(await queue.getJob('task-1')).toMatchObject({ attemptsMade: 1 });
      expect(await queue.getJobCountByTypes('waiting', 'delayed', 'active', 'prioritized')).toBe(0);
      expect(reports(line.ledger)).toHaveLength(1);
    });
  }

  it('F30: sent again under its own name, three ids with one body, runs once, and each gets the recorded outcome', async () => {
    const { queue, line, task, submission, stateOf } = await start();
    const data = await submission(task());
    await Promise.all(['task-1', 'task-1~2', 'task-1~3'].map((jobId) => queue.add('config', data, { jobId })));
    // A copy that came while the first ran is looked at again after 5 s.
    const state = (id: string) => expect.poll(() => stateOf(id), { timeout: 10_000 });
    for (const id of ['task-1', 'task-1~2', 'task-1~3']) await state(id).toBe('completed');
    expect(line.machine.ran).toEqual(['once']);
    expect(reports(line.ledger)).toHaveLength(1);
  }, 15_000);

  it('runs while twenty others, and forty copies of them, wait for a lock that it does not need', async () => {
    const { queue, line, task, submission, stateOf } = await start();
    const holder = await line.locks.take(['a:a']);
    for (let n = 1; n <= 20; n += 1) {
      const id = `waits-${n}`;
      const data = await submission(task({ task_id: id, actions: [runCommand([id], { resources: ['a:a'] })] }));
      for (const jobId of [id, `${id}~2`, `${id}~3`]) await queue.add('config', data, { jobId });
    }
    await queue.add('config', await submission(task({ task_id: 'good' })), { jobId: 'good' });
    await expect.poll(() => stateOf('good'), { timeout: 5_000 }).toBe('completed');
    expect(line.machine.ran).toEqual(['once']);
    holder[Symbol.dispose]();
    await expect.poll(() => line.machine.ran.length, { timeout: 5_000 }).toBe(21);
  }, 15_000);

  it('T13: that a scheduler made is refused, and nothing runs', async () => {
    const { queue, line, task, submission } = await start();
    const template = { name: 'config', data: await submission(task()) };
    await queue.upsertJobScheduler('nightly', { every: HOUR }, template);
    await expect.poll(() => queue.getFailedCount()).toBe(1);
    const [job] = await queue.getFailed();
    expect(job?.failedReason).toMatch(/^outer-mismatch: made by a BullMQ scheduler; .* \(owner: manager\)$/);
    expect(line.machine.ran).toEqual([]);
    expect(reports(line.ledger)[0]?.body).toMatchObject({ evidence: { reason: 'outer-mismatch', final: false } });
    // A worker of BullMQ would have added the next one.
    expect(await queue.getDelayedCount()).toBe(0);
    await queue.removeJobScheduler('nightly');
  });

  it('may be the child of a flow: its parent waits for it and gets its outcome', async () => {
    const { line, task, submission } = await start();
    const connection = server.connect();
    const flows = server.later(new FlowProducer({ connection, prefix: PREFIX }));
    const flow = await flows.add({
      name: 'release',
      queueName: 'manager',
      children: [{ name: 'config', queueName: 'ops', data: await submission(task()), opts: { jobId: 'task-1' } }],
    });
    await expect.poll(() => flow.job.getState()).toBe('waiting');
    expect(Object.values(await flow.job.getChildrenValues())).toMatchObject([{ status: 'completed' }]);
    expect(line.machine.ran).toEqual(['once']);
  });

  it.each([
    ['rjk', 'nightly'],
    ['parentKey', '{savorg}:manager:release'],
    ['defa', 'failed without a report'],
    ['id', 'somebody-else'],
    ['opts', '{"attempts":'],
    ['opts', '{"repeat":{"every":1000},"attempts":5,"lifo":true}'],
  ])('T13, F33: with a forged %s (%s) runs once, as it was signed', async (field, value) => {
    const { queue, worker, line, task, submission, stateOf } = await start();
    await worker.pause();
    await queue.add('config', await submission(task()), { jobId: 'task-1' });
    await server.connect().hset(`${PREFIX}:ops:task-1`, field, value);
    await worker.resume();
    await expect.poll(() => stateOf('task-1')).toBe('completed');
    expect(line.machine.ran).toEqual(['once']);
    expect(await queue.getJobCountByTypes('waiting', 'delayed', 'active', 'prioritized', 'failed')).toBe(0);
  });

  it('F33: that is too large to be parsed is refused as such, and does not stay in Redis', async () => {
    const { queue, line, stateOf } = await start();
    await queue.add('config', { task: 'x'.repeat(8 * 1024 * 1024), attestations: [] }, { jobId: 'large' });
    await expect.poll(() => reports(line.ledger)[0]?.body).toMatchObject({ evidence: { reason: 'too-large' } });
    await expect.poll(() => stateOf('large')).toBe('unknown');
  });

  it('T1: that nobody signed and somebody put there by hand runs nothing; it is reported once, and audited once', async () => {
    const { line, task, stateOf } = await start();
    const redis = server.connect();
    const data = JSON.stringify({ task: task(), attestations: [] });
    await redis.hset(`${PREFIX}:ops:task-1`, { name: 'config', data, opts: '{"attempts":9}', timestamp: Date.now() });
    await redis.lpush(`${PREFIX}:ops:wait`, 'task-1');
    await redis.zadd(`${PREFIX}:ops:marker`, 0, '0');
    await expect.poll(() => stateOf('task-1')).toBe('failed');
    expect(line.machine.ran).toEqual([]);
    expect(reports(line.ledger)).toMatchObject([{ body: { evidence: { outcome: 'refused', attested_by: [] } } }]);
    expect([...line.ledger.auditEntries()]).toMatchObject([{ event: 'refused', task_id: 'task-1' }]);
  });

  it('F32: whose data are no JSON is refused with a report', async () => {
    const { queue, line, stateOf } = await start();
    const redis = server.connect();
    await redis.hset(`${PREFIX}:ops:junk`, { name: 'config', data: '{"task":' });
    await redis.lpush(`${PREFIX}:ops:wait`, 'junk');
    await redis.zadd(`${PREFIX}:ops:marker`, 0, '0');
    await expect.poll(() => stateOf('junk')).toBe('failed');
    expect(reports(line.ledger)[0]?.body).toMatchObject({
      ops_output: { task_id: 'junk' },
      evidence: { final: false },
    });
    expect((await queue.getJobCounts())['active']).toBe(0);
  });

  it('that is a bad one does not keep the next from running', async () => {
    const { queue, line, task, submission, stateOf } = await start();
    await queue.add('config', null, { jobId: 'junk' });
    await queue.add('config', await submission(task()), { jobId: 'task-1' });
    await expect.poll(() => stateOf('junk')).toBe('failed');
    await expect.poll(() => stateOf('task-1')).toBe('completed');
    expect(line.machine.ran).toEqual(['once']);
  });
});

describe('a held job', () => {
  it('waits as delayed with its progress, until it expires', async () => {
    const { queue, task, tokens, stateOf } = await start();
    const held = task();
    await queue.add('config', { task: held, attestations: await tokens(held, 'manager') }, { jobId: 'task-1' });
    await expect.poll(() => stateOf('task-1')).toBe('delayed');
    const job = await queue.getJob('task-1');
    expect(job?.progress).toEqual({
      state: 'held',
      missing: ['not-approved', 'not-cleared'],
      digest: expect.stringMatching(/^sha256:/),
    });
    const due = (job?.timestamp ?? 0) + (job?.delay ?? 0);
    expect(Math.abs(due - Date.parse(held.expires_at))).toBeLessThan(2000);
  });

  it('runs when its last signature wakes it', async () => {
    const { queue, held, line, task, tokens, stateOf } = await start();
    const one = task();
    await queue.add('config', { task: one, attestations: await tokens(one, 'manager') }, { jobId: 'task-1' });
    await expect.poll(() => stateOf('task-1')).toBe('delayed');
    for (const token of await tokens(one, 'plan-review', 'security')) line.stream.send(token);
    await new HeldTasks(line.ledger, held).wake('plan-1');
    await expect.poll(() => stateOf('task-1')).toBe('completed');
    expect(line.machine.ran).toEqual(['once']);
  });

  it('runs although Redis had lost it', async () => {
    const { queue, held, line, task, tokens, stateOf } = await start();
    const one = task();
    await queue.add('config', { task: one, attestations: await tokens(one, 'manager') }, { jobId: 'task-1' });
    await expect.poll(() => stateOf('task-1')).toBe('delayed');
    await expect.poll(() => queue.getActiveCount()).toBe(0);
    await queue.remove('task-1');
    const tasks = new HeldTasks(line.ledger, held);
    await tasks.keepAll();
    expect(await stateOf('task-1')).toBe('delayed');
    for (const token of await tokens(one, 'plan-review', 'security')) line.stream.send(token);
    await tasks.wake('task-1');
    await expect.poll(() => stateOf('task-1')).toBe('completed');
  });

  it('runs although it was woken before it was put aside', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    let times = 0;
    const { queue, held, stateOf } = startWith(async () => {
      times += 1;
      if (times > 1) return ran;
      begun.resolve();
      await gate.promise;
      return { kind: 'held', missing: ['not-cleared'], digest: 'd', until: Date.now() + HOUR };
    });
    await queue.add('config', {}, { jobId: 'task-1' });
    await begun.promise;
    const heldTask = { task_id: 'task-1', digest: 'd', queue: 'ops', jobId: 'task-1', name: 'config' };
    await held.deliverNow({ ...heldTask, plan_id: null, missing: [], until: Date.now() + HOUR });
    gate.resolve();
    await expect.poll(() => stateOf('task-1')).toBe('completed');
    expect(times).toBe(2);
  });
});

describe('a delivery', () => {
  it('says of its job what the gate wants to know', async () => {
    const seen: Delivery[] = [];
    const { queue, stateOf } = startWith(async (delivery) => {
      seen.push(delivery);
      return ran;
    });
    await queue.add('config', { a: 1 }, { jobId: 'task-1~2' });
    await expect.poll(() => stateOf('task-1~2')).toBe('completed');
    expect(seen).toEqual([
      { queue: 'ops', jobId: 'task-1~2', name: 'config', data: { a: 1 }, scheduled: false, deliveries: 0 },
    ]);
  });

  it.each([
    ['is left open', async (): Promise<End> => ({ kind: 'open' })],
    ['fails inside the daemon', () => Promise.reject(new Error('etc/policy.yaml cannot be used'))],
  ])('that %s is looked at again soon, and neither fails nor is lost', async (_, first) => {
    let times = 0;
    const { queue, stateOf } = startWith(async () => {
      times += 1;
      return times === 1 ? first() : ran;
    });
    await queue.add('config', {}, { jobId: 'task-1', attempts: 3 });
    await expect.poll(() => stateOf('task-1')).toBe('delayed');
    const job = await queue.getJob('task-1');
    expect(job?.delay).toBeLessThanOrEqual(6000);
    await job?.promote();
    await expect.poll(() => stateOf('task-1')).toBe('completed');
  });

  it('that fails inside the daemon does not kill it: it is not counted as one that does', async () => {
    const seen: number[] = [];
    const { queue, stateOf } = startWith(async ({ deliveries }) => {
      seen.push(deliveries);
      if (seen.length <= 6) throw new Error('etc/policy.yaml cannot be used');
      return ran;
    });
    await queue.add('config', {}, { jobId: 'task-1' });
    for (let n = 1; n <= 6; n += 1) {
      await expect.poll(() => seen.length).toBe(n);
      await expect.poll(() => stateOf('task-1')).toBe('delayed');
      await (await queue.getJob('task-1'))?.promote();
    }
    await expect.poll(() => stateOf('task-1')).toBe('completed');
    expect(Math.max(...seen)).toBeLessThan(5);
  });

  it('that was held often is not counted either', async () => {
    const seen: number[] = [];
    const until = Date.now() + HOUR;
    const { queue, stateOf } = startWith(async ({ deliveries }) => {
      seen.push(deliveries);
      return seen.length <= 6 ? { kind: 'held', missing: ['not-cleared'], digest: 'd', until } : ran;
    });
    await queue.add('config', {}, { jobId: 'task-1' });
    for (let n = 1; n <= 6; n += 1) {
      await expect.poll(() => seen.length).toBe(n);
      await expect.poll(() => stateOf('task-1')).toBe('delayed');
      await (await queue.getJob('task-1'))?.promote();
    }
    await expect.poll(() => stateOf('task-1')).toBe('completed');
    expect(Math.max(...seen)).toBeLessThanOrEqual(1);
  });
});

const oom = () => Object.assign(new Error('OOM command not allowed'), { name: 'ReplyError' });

function watchedBreaker(problem: string | null = null) {
  const tripped: string[] = [];
  const trip = (error: unknown) => tripped.push((error as Error).message) > 0;
  return { problem, trip, tripped };
}

describe('a Redis that refuses', () => {
  it('F22: to settle a job has it delivered again, and it gets its recorded outcome', async () => {
    const watched = watchedBreaker();
    const { queue, stateOf } = startWith(async () => ran, watched);
    const settling = vi.spyOn(Job.prototype, 'moveToCompleted').mockRejectedValueOnce(oom());
    await queue.add('config', {}, { jobId: 'task-1' });
    // What BullMQ took for a failure of the work is not written down as one.
    await expect.poll(() => stateOf('task-1')).toBe('delayed');
    expect(watched.tripped).toEqual(['OOM command not allowed']);
    await (await queue.getJob('task-1'))?.promote();
    await expect.poll(() => stateOf('task-1')).toBe('completed');
    expect(settling).toHaveBeenCalledTimes(2);
    settling.mockRestore();
  });

  it('is told to the breaker by a delivery that fails, and the job is looked at again', async () => {
    const watched = watchedBreaker();
    let times = 0;
    const { queue, stateOf } = startWith(async () => {
      times += 1;
      if (times === 1) throw oom();
      return ran;
    }, watched);
    await queue.add('config', {}, { jobId: 'task-1' });
    await expect.poll(() => stateOf('task-1')).toBe('delayed');
    expect(watched.tripped).toEqual(['OOM command not allowed']);
    await (await queue.getJob('task-1'))?.promote();
    await expect.poll(() => stateOf('task-1')).toBe('completed');
  });

  it('F25: has nothing begun that was fetched while the breaker opened', async () => {
    const watched = watchedBreaker('maxmemory-policy allkeys-lru');
    let times = 0;
    const { queue, stateOf } = startWith(async () => {
      times += 1;
      return ran;
    }, watched);
    await queue.add('config', {}, { jobId: 'task-1' });
    await expect.poll(() => stateOf('task-1')).toBe('delayed');
    expect(times).toBe(0);
    watched.problem = null;
    await (await queue.getJob('task-1'))?.promote();
    await expect.poll(() => stateOf('task-1')).toBe('completed');
  });
});

describe('a worker', () => {
  it('leaves no connection behind when it is closed', async () => {
    const redis = server.connect();
    const connections = async () =>
      String(await redis.client('LIST'))
        .trim()
        .split('\n').length;
    const before = await connections();
    const { worker, queue, stateOf } = startWith(async () => ran);
    await queue.add('config', {}, { jobId: 'task-1' });
    await expect.poll(() => stateOf('task-1')).toBe('completed');
    expect(await connections()).toBeGreaterThan(before + 2);
    await worker.close();
    // That of the queue, and the one that the worker was given, are still there.
    await expect.poll(connections).toBe(before + 2);
  });
});
