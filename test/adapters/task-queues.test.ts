import { Job, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { TaskJobs } from '../../src/adapters/task-queues.ts';
import type { HeldTask } from '../../src/services/ledger.ts';
import { HOUR } from '../services/support.ts';
import { realRedis } from './real-redis.ts';

const server = realRedis();

interface Spoiling {
  connection: Redis;
  key: string;
}

function setUp() {
  const connection = server.connect();
  const queue = server.later(new Queue('ops', { connection, prefix: '{savorg}' }));
  const data = { task: { task_id: 'task-1' }, attestations: [] };
  const heldJobs = new TaskJobs(connection, [queue], systemClock, () => data);
  const held: HeldTask = {
    task_id: 'task-1',
    digest: 'd',
    queue: 'ops',
    jobId: 'task-1~2',
    name: 'config',
    plan_id: null,
    missing: [],
    until: Date.now() + HOUR,
  };
  return { connection, queue, heldJobs, held, data, state: () => queue.getJobState('task-1~2') };
}

describe('the jobs of held tasks', () => {
  it('are promoted when they are woken', async () => {
    const { queue, heldJobs, held, data, state } = setUp();
    await queue.add('config', data, { jobId: held.jobId, delay: HOUR });
    await heldJobs.deliverNow(held);
    expect(await state()).toBe('waiting');
  });

  it('are added anew where Redis has lost them, with all that they had', async () => {
    const { queue, heldJobs, held, data, state } = setUp();
    await heldJobs.deliverNow(held);
    expect(await state()).toBe('waiting');
    expect(await queue.getJob(held.jobId)).toMatchObject({ name: 'config', data: data });
  });

  it('are kept for the time that they have left', async () => {
    const { queue, heldJobs, held, state } = setUp();
    await heldJobs.keep(held);
    expect(await state()).toBe('delayed');
    const { delay = 0 } = (await queue.getJob(held.jobId)) ?? {};
    expect(delay).toBeGreaterThan(HOUR - 5000);
    expect(delay).toBeLessThanOrEqual(HOUR);
  });

  it('whose time is over are delivered at once', async () => {
    const { heldJobs, held, state } = setUp();
    await heldJobs.keep({ ...held, until: 1 });
    expect(await state()).toBe('waiting');
  });

  it('are left alone where they are there', async () => {
    const { queue, heldJobs, held, state } = setUp();
    await queue.add('config', { mine: true }, { jobId: held.jobId });
    await heldJobs.keep(held);
    await heldJobs.deliverNow(held);
    expect(await state()).toBe('waiting');
    expect(await queue.count()).toBe(1);
    expect((await queue.getJob(held.jobId))?.data).toEqual({ mine: true });
  });

  it.each([
    ['woken', 'waiting'],
    ['kept', 'delayed'],
  ])('F32: are added anew where another job poisoned the lists that they were in: %s', async (how, expected) => {
    const { connection, queue, heldJobs, held, data, state } = setUp();
    await queue.add('config', data, { jobId: held.jobId, delay: HOUR });
    await connection.del('{savorg}:ops:delayed');
    expect(await state()).toBe('unknown');
    await (how === 'woken' ? heldJobs.deliverNow(held) : heldJobs.keep(held));
    expect(await state()).toBe(expected);
  });

  it.each([
    ['a string', async ({ connection, key }: Spoiling) => void (await connection.set(key, 'x')), 'delayed'],
    ['a job whose options are no JSON', ({ connection, key }) => connection.hset(key, 'opts', '{'), 'delayed'],
    ['a string in no list', ({ connection, key }) => connection.set(key, 'x'), null],
    ['a job that has ended', async ({ connection, key }) => connection.hset(key, 'name', 'x'), 'failed'],
    ['a job that waits for children', ({ connection, key }) => connection.hset(key, 'name', 'x'), 'waiting-children'],
  ] as [string, (spoiling: Spoiling) => Promise<unknown>, string | null][])(
    'are added anew where somebody put in their place %s',
    async (_what, spoil, set) => {
      const { connection, queue, heldJobs, held, data, state } = setUp();
      const key = queue.toKey(held.jobId);
      await queue.add('config', data, { jobId: held.jobId, delay: HOUR });
      await connection.zrem(queue.toKey('delayed'), held.jobId);
      if (!set || set === 'delayed') await connection.del(key);
      await spoil({ connection, key });
      if (set) await connection.zadd(queue.toKey(set), (Date.now() + HOUR) * 0x1000, held.jobId);
      await heldJobs.keep(held);
      expect(await state()).toBe('delayed');
      await heldJobs.deliverNow(held);
      expect(await state()).toBe('waiting');
      expect(await queue.getJob(held.jobId)).toMatchObject({ name: 'config', data });
    },
  );

  it('are looked for again where Redis fails: nothing is taken for lost', async () => {
    const { queue, heldJobs, held, data, state } = setUp();
    await queue.add('config', data, { jobId: held.jobId, delay: HOUR });
    vi.spyOn(queue, 'getJob').mockRejectedValueOnce(new Error('Connection is closed.'));
    await expect(heldJobs.deliverNow(held)).rejects.toThrow('Connection is closed.');
    expect(await state()).toBe('delayed');
  });

  it('of a queue that this host does not serve are left alone', async () => {
    const { heldJobs, held, state } = setUp();
    await heldJobs.deliverNow({ ...held, queue: 'ops-other' });
    await heldJobs.keep({ ...held, queue: 'ops-other' });
    expect(await state()).toBe('unknown');
  });

  it('are not forgotten where they are put aside just while somebody looks whether they are', async () => {
    const { connection, queue, heldJobs, held, data, state } = setUp();
    const active = server.later(new Worker('ops', null, { connection, prefix: '{savorg}' }));
    await queue.add('config', data, { jobId: held.jobId });
    const job = await active.getNextJob('token');
    const look = vi.spyOn(Job.prototype, 'isDelayed').mockImplementationOnce(async () => {
      // Redis said no; its answer is still under way when the worker puts the job aside.
      await job?.moveToDelayed(Date.now() + HOUR, 'token');
      if (job) await heldJobs.putAside(job);
      return false;
    });
    await heldJobs.deliverNow(held);
    look.mockRestore();
    expect(await state()).toBe('waiting');
  });
});

describe('the job of a slot, whose id anybody can tell before', () => {
  const slot = { queue: 'ops', jobId: 'backup.20261123t020000z', name: 'cron', data: () => ({ task: 'mine' }) };

  it('is not kept back by one that somebody put off under its id', async () => {
    const { queue, heldJobs } = setUp();
    await queue.add('cron', { task: 'theirs' }, { jobId: slot.jobId, delay: 1000 * HOUR });
    await heldJobs.bring(slot);
    expect(await queue.getJobState(slot.jobId)).toBe('waiting');
  });

  it('is added where somebody left a lock in its place', async () => {
    const { connection, queue, heldJobs } = setUp();
    await connection.hset(queue.toKey(slot.jobId), { name: 'cron', data: '{}', opts: '{}', timestamp: 1 });
    await connection.set(`${queue.toKey(slot.jobId)}:lock`, 'x');
    await heldJobs.bring(slot);
    expect(await queue.getJobState(slot.jobId)).toBe('waiting');
    expect(await queue.getJob(slot.jobId)).toMatchObject({ name: 'cron', data: { task: 'mine' } });
  });
});
