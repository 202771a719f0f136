import { z } from 'zod';
import {
  ActionName,
  Digest,
  Environment,
  HostName,
  OperationType,
  PlanId,
  ScheduleName,
  TaskId,
  UtcTime,
} from './names.ts';

/** One capability with its input. `with` is checked by the action's own strict schema when the task is parsed. */
export const ActionRequest = z.strictObject({
  action: ActionName,
  with: z.record(z.string(), z.unknown()),
  irreversible: z
    .boolean()
    .optional()
    .describe('True where the action cannot be undone, so that the approvers have signed it.'),
});

const heading = {
  task_id: TaskId,
  operation_type: OperationType,
  environment: Environment,
  host: z.union([z.literal('any'), HostName]),
  reason: z.string().min(1).max(2000),
  not_before: UtcTime.optional(),
  expires_at: UtcTime,
};

/** Work: requested by Manager, approved by PlanReview, cleared by Security. */
export const ActionsTask = z.strictObject({
  ...heading,
  plan_id: PlanId,
  actions: z.array(ActionRequest).min(1).max(50),
  on_failure: z.enum(['undo', 'stop']),
  on_interrupt: z.enum(['resume', 'undo', 'stop']).optional(),
});

/** Takes a concluded task's work back, or that of its `action`th action (counted from 1). */
export const UndoTask = z.strictObject({
  ...heading,
  undo: z.strictObject({ task_id: TaskId, digest: Digest, action: z.int().min(1).max(50).optional() }),
});

/** One due moment of a schedule whose definition stands in the host's ledger. */
export const SlotTask = z.strictObject({
  ...heading,
  slot: z.strictObject({ schedule: ScheduleName, definition: Digest, due_at: UtcTime }),
});

/** What Manager asks for. Exactly one of `actions`, `undo`, `slot`; that field alone decides which signatures it needs. */
export const Task = z.union([ActionsTask, UndoTask, SlotTask]);

export type ActionRequest = z.infer<typeof ActionRequest>;
export type ActionsTask = z.infer<typeof ActionsTask>;
export type UndoTask = z.infer<typeof UndoTask>;
export type SlotTask = z.infer<typeof SlotTask>;
export type Task = z.infer<typeof Task>;

/** A job's data on `ops` and `ops-<host>`. */
export const Submission = z.strictObject({ task: Task, attestations: z.array(z.string()) });
export type Submission = z.infer<typeof Submission>;

/** Parses a task; errors name the field of the one form it has, not of all three. */
export function parseTask(value: unknown): z.ZodSafeParseResult<Task> {
  const has = (key: string) => typeof value === 'object' && value !== null && Object.hasOwn(value, key);
  if (has('undo')) return UndoTask.safeParse(value);
  if (has('slot')) return SlotTask.safeParse(value);
  return ActionsTask.safeParse(value);
}

export const isUndo = (task: Task): task is UndoTask => 'undo' in task;
export const isSlot = (task: Task): task is SlotTask => 'slot' in task;
