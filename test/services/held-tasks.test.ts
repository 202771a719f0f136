import { expect, it } from 'vitest';
import { HeldTasks, type TaskQueues } from '../../src/services/held-tasks.ts';
import { testLedger } from './support.ts';

function heldTask(taskId: string, planId: string) {
  const task = { task_id: taskId, plan_id: planId };
  const rest = { queue: 'ops', jobId: taskId, name: 'config', missing: ['not-cleared'], until: 5 };
  return { task_id: taskId, digest: `d-${taskId}`, data: { task, attestations: [] }, ...rest };
}

async function setUp() {
  const ledger = testLedger();
  const calls: string[] = [];
  const queues: TaskQueues = {
    deliverNow: async ({ task_id }) => void calls.push(`now ${task_id}`),
    keep: async ({ task_id }) => void calls.push(`keep ${task_id}`),
  };
  await ledger.commit(() => {
    ledger.hold(heldTask('a', 'P'));
    ledger.hold(heldTask('b', 'P'));
    ledger.hold(heldTask('c', 'Q'));
  });
  return { calls, held: new HeldTasks(ledger, queues) };
}

it.each([
  ['a task wakes that task', 'task:c', ['now c']],
  ['a plan wakes all of its tasks', 'plan:P', ['now a', 'now b']],
  ['another task wakes nobody', 'task:P', []],
  ['a host wakes all', 'host:*', ['now a', 'now b', 'now c']],
  ['a commit wakes all: any of them may bring it', `commit:${'1'.repeat(40)}`, ['now a', 'now b', 'now c']],
])('news of %s', async (_, target, expected) => {
  const { calls, held } = await setUp();
  await held.wake(target);
  expect(calls).toEqual(expected);
});

it('has every held task looked at again after Redis or the daemon was away: its news may have been lost', async () => {
  const { calls, held } = await setUp();
  await held.wakeAll();
  expect(calls).toEqual(['now a', 'now b', 'now c']);
});

it('has every held job kept, because Redis may lose them without a word', async () => {
  const { calls, held } = await setUp();
  await held.keepAll();
  expect(calls).toEqual(['keep a', 'keep b', 'keep c']);
});

it('T14: has a thousand looked at a few at a time, and all of them although one fails', async () => {
  const ledger = testLedger();
  await ledger.commit(() => {
    for (let n = 0; n < 1000; n += 1) ledger.hold(heldTask(`task-${n}`, 'P'));
  });
  let [now, most, all] = [0, 0, 0];
  const keep = async ({ task_id }: { task_id: string }) => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    all += 1;
    if (task_id === 'task-7') throw new Error('Redis is away');
  };
  const held = new HeldTasks(ledger, { deliverNow: keep, keep });
  await expect(held.keepAll()).rejects.toThrow('Redis is away');
  expect([all, most]).toEqual([1000, 20]);
});
