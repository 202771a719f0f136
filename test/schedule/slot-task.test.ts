import { expect, it } from 'vitest';
import { taskDigest } from '../../src/contract/digest.ts';
import { parseTask } from '../../src/contract/task.ts';
import { slotTask, slotTaskId } from '../../src/schedule/slot-task.ts';
import { definition } from '../support/definitions.ts';

const slot = { schedule: 'backup', dueAt: Date.parse('2026-11-23T02:00:00Z'), attempt: 1 };
const enqueued = { ...slot, digest: `sha256:${'a'.repeat(64)}`, enqueuedAt: slot.dueAt + 1_500 };

it('a slot and each of its tries have an id of their own', () => {
  expect(slotTaskId(slot)).toBe('backup.20261123t020000z');
  expect(slotTaskId({ ...slot, attempt: 2 })).toBe('backup.20261123t020000z.r2');
});

it('F50: the task of a slot is always the same one, and a task', () => {
  const task = slotTask(enqueued, definition(), 'mini-1');
  expect(parseTask(task)).toMatchObject({ success: true, data: task });
  expect(taskDigest(slotTask({ ...enqueued }, definition(), 'mini-1'))).toBe(taskDigest(task));
  expect(task).toEqual({
    task_id: 'backup.20261123t020000z',
    operation_type: 'cron',
    environment: 'host',
    host: 'mini-1',
    reason: 'Keeps a copy of the database for the day it is needed (backup, due 2026-11-23T02:00:00Z)',
    expires_at: '2026-11-23T03:00:01Z',
    slot: { schedule: 'backup', definition: enqueued.digest, due_at: '2026-11-23T02:00:00Z' },
  });
});

it('the longest name makes an id that a task may have', () => {
  const long = { ...enqueued, schedule: 'a'.repeat(63), attempt: 11 };
  expect(parseTask(slotTask(long, definition({ name: long.schedule }), 'mini-1')).success).toBe(true);
});
