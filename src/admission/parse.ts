import { z } from 'zod';
import { type Bounds, outOfBounds, TASK_BOUNDS } from '../contract/bounds.ts';
import { taskDigest } from '../contract/digest.ts';
import { OperationType, TaskId } from '../contract/names.ts';
import { taskIdOfJob } from '../contract/queues.ts';
import { parseTask, type Task } from '../contract/task.ts';
import { type Refused, refused } from './reasons.ts';

/** A job as the queue handed it over. Of its BullMQ options nothing is believed. */
export interface Delivery {
  queue: string;
  jobId: string;
  name: unknown;
  data: unknown;
  /** A BullMQ scheduler made it, not a signer. */
  scheduled: boolean;
  /** How often it was delivered before without once reaching an admission. */
  deliveries: number;
}

export interface ParsedTask<Bound> {
  kind: 'parsed';
  task: Task;
  digest: string;
  tokens: readonly string[];
  actions: readonly Bound[];
}

/** Looks up what a task has done and parses its input; a string says what is wrong with it. */
export type BindTask<Bound> = (task: Task) => Bound[] | string;

/** What is delivered so often without reaching an admission kills the daemon. */
const MAX_DELIVERIES = 5;
const MAX_TOKENS = 16;
/** What a task may measure together with its tokens. */
export const SUBMISSION_BOUNDS: Bounds = {
  bytes: TASK_BOUNDS.bytes + MAX_TOKENS * 32 * 1024,
  depth: TASK_BOUNDS.depth + 1,
};

/** Turns a delivery into a task that is well-formed and what its job says it is. Believes nothing, changes nothing. */
export function parse<Bound>(delivery: Delivery, bind: BindTask<Bound>): ParsedTask<Bound> | Refused {
  if (delivery.deliveries >= MAX_DELIVERIES) {
    return refused('delivered-too-often', `delivered ${delivery.deliveries} times without once reaching an admission`);
  }
  const { data } = delivery;
  const problem = outOfBounds(taskIn(data), TASK_BOUNDS) ?? outOfBounds(data, SUBMISSION_BOUNDS);
  if (problem) return refused(problem.kind, problem.message);
  const tokens = Envelope.safeParse(data);
  if (!tokens.success) return refused('malformed', z.prettifyError(tokens.error));
  const task = parseTask(tokens.data.task);
  if (!task.success) return refused('malformed', z.prettifyError(task.error));
  return outerMismatch(delivery, task.data) ?? bound(task.data, tokens.data.attestations, bind);
}

const Envelope = z.strictObject({ task: z.unknown(), attestations: z.array(z.string()).max(MAX_TOKENS) });

function taskIn(data: unknown): unknown {
  return typeof data === 'object' && data !== null && 'task' in data ? data.task : null;
}

function outerMismatch(delivery: Delivery, task: Task): Refused | undefined {
  if (delivery.scheduled) return refused('outer-mismatch', 'made by a BullMQ scheduler; enqueue a signed task instead');
  if (delivery.name !== task.operation_type) {
    return refused(
      'outer-mismatch',
      `expected the job's name to be ${task.operation_type}, got ${String(delivery.name)}`,
    );
  }
  if (taskIdOfJob(delivery.jobId) !== task.task_id) {
    return refused('outer-mismatch', `expected the job's id to be ${task.task_id}, got ${delivery.jobId}`);
  }
  return undefined;
}

function bound<Bound>(task: Task, tokens: string[], bind: BindTask<Bound>): ParsedTask<Bound> | Refused {
  const actions = bind(task);
  if (typeof actions === 'string') return refused('malformed', actions);
  return { kind: 'parsed', task, digest: taskDigest(task), tokens, actions };
}

const Heading = z.object({ task: z.object({ task_id: TaskId, operation_type: OperationType }) });

/** Under which name to report a task that could not be parsed; null where not even that can be read. */
export function headingOf(data: unknown): { task_id: string; operation_type: OperationType } | null {
  const heading = Heading.safeParse(data);
  return heading.success ? heading.data.task : null;
}
