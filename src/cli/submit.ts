import type { Job, Queue } from 'bullmq';
import type { Submission } from '../contract/task.ts';
import { OpsError } from '../errors.ts';
import type { Context } from './context.ts';
import { follow } from './follow.ts';
import { readSubmission } from './sign.ts';
import { print } from './terminal.ts';

/** `ops submit <file>`: enqueues a signed task, and prints its job's id; or follows it to its report. */
export async function submit(context: Context, path: string, options: { follow?: boolean }): Promise<void> {
  const submission = await readSubmission(context, path);
  if (submission.attestations.length === 0)
    throw new OpsError(`${path} bears no signature: ops sign --as manager ${path}`);
  const job = await enqueue(context, submission);
  if (options.follow) await follow(context, job, submission.task.task_id);
  else print(job.id ?? '');
}

/** Adds the job under the task's id, or where that one has ended `<task_id>~2`, `~3` … A job that still waits is returned as it is. */
export async function enqueue(context: Context, submission: Submission): Promise<Job> {
  const { task } = submission;
  const { queues } = context.config;
  const queue = await context.queue(task.host === 'any' ? queues.tasks : queues.hostTasks(task.host));
  return queue.add(task.operation_type, submission, { jobId: await freeId(queue, task.task_id) });
}

async function freeId(queue: Queue, taskId: string): Promise<string> {
  for (let sending = 1; ; sending += 1) {
    const id = sending === 1 ? taskId : `${taskId}~${sending}`;
    const job = await queue.getJob(id);
    if (!job || !(await hasEnded(job))) return id;
  }
}

async function hasEnded(job: Job): Promise<boolean> {
  return (await job.isCompleted()) || (await job.isFailed());
}
