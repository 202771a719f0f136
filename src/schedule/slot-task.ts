import { utcTime } from '../contract/names.ts';
import type { SlotTask } from '../contract/task.ts';
import { type Definition, startWithinMs } from './definition.ts';

/** Which slot, and which try at it, counted from 1. */
export interface SlotName {
  schedule: string;
  /** Milliseconds since 1970. */
  dueAt: number;
  attempt: number;
}

/** `backup.20261123t020000z`, and `….r2` for the second try. */
export function slotTaskId({ schedule, dueAt, attempt }: SlotName): string {
  const due = utcTime(dueAt).replaceAll(/[-:]/g, '').toLowerCase();
  return attempt === 1 ? `${schedule}.${due}` : `${schedule}.${due}.r${attempt}`;
}

/** The task of a slot that was put on the queue at `enqueuedAt`: always the same one, so that it can be added again. */
export function slotTask(
  slot: SlotName & { digest: string; enqueuedAt: number },
  definition: Definition,
  host: string,
): SlotTask {
  const due_at = utcTime(slot.dueAt);
  return {
    task_id: slotTaskId(slot),
    operation_type: 'cron',
    environment: definition.environment,
    host,
    reason: `${definition.purpose} (${definition.name}, due ${due_at})`,
    expires_at: utcTime(slot.enqueuedAt + startWithinMs(definition)),
    slot: { schedule: slot.schedule, definition: slot.digest, due_at },
  };
}
