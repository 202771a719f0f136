import { isDeepStrictEqual } from 'node:util';
import type { Job } from 'bullmq';
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

/** Adds the job under the task's id, or where that is taken by another sending `<task_id>~2`, `~3` … The same sending that still waits is returned as it is. */
export async function enqueue(context: Context, submission: Submission): Promise<Job> {
  const { task } = submission;
  const { queues } = context.config;
  const queue = await context.queue(task.host === 'any' ? queues.tasks : queues.hostTasks(task.host));
  for (let sending = 1; ; sending += 1) {
    const jobId = sending === 1 ? task.task_id : `${task.task_id}~${sending}`;
    const there = await queue.getJob(jobId);
    if (!there) return queue.add(task.operation_type, submission, { jobId });
    if (isDeepStrictEqual(there.data, submission) && !(await hasEnded(there))) return there;
  }
}

async function hasEnded(job: Job): Promise<boolean> {
  return (await job.isCompleted()) || (await job.isFailed());
}
