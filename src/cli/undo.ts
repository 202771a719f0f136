import { ulid } from 'ulid';
import { utcTime } from '../contract/names.ts';
import type { UndoTask } from '../contract/task.ts';
import { OpsError } from '../errors.ts';
import type { Context } from './context.ts';
import { follow } from './follow.ts';
import { roleKey, signAs } from './signing.ts';
import { enqueue } from './submit.ts';

const EXPIRY_MS = 3600_000;

/** `ops undo <task_id>`: asks, as this host's operator, to take a task's work back, and prints the report. */
export async function undo(
  context: Context,
  taskId: string,
  options: { action?: number; reason: string; key?: string },
): Promise<void> {
  const { config, clock } = context;
  const key = roleKey(config.home, 'operator', options.key);
  const record = context.ledger.task(taskId);
  if (!record) throw new OpsError(`${taskId} never ran on ${config.host.name}: see "ops tasks"`);
  const task: UndoTask = {
    task_id: `undo-${ulid().toLowerCase()}-${taskId}`.slice(0, 120),
    operation_type: record.task.operation_type,
    environment: record.task.environment,
    host: config.host.name,
    reason: options.reason,
    undo: { task_id: taskId, digest: record.digest, ...(options.action !== undefined && { action: options.action }) },
    expires_at: utcTime(clock.now() + EXPIRY_MS),
  };
  const submission = await signAs(key, { task, attestations: [] }, clock.now());
  await follow(context, await enqueue(context, submission), task.task_id);
}
