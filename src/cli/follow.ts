import type { Job, Queue } from 'bullmq';
import type { Missing } from '../admission/reasons.ts';
import { OpsError } from '../errors.ts';
import type { Context } from './context.ts';
import { printOutput, waitForDaemon } from './report.ts';
import { tell } from './terminal.ts';

/** Shows a job's log as it comes until the job ends or is held, then the report. Exit code 1 unless it is completed. */
export async function follow(context: Context, job: Job, taskId: string): Promise<void> {
  const queue = await context.queue(job.queueName);
  let shown = 0;
  for (;;) {
    const state = await job.getState();
    shown = await showLog(queue, job.id ?? '', shown);
    if (state === 'completed' || state === 'failed') return printEnd(context, queue, job.id ?? '', taskId);
    if (state === 'delayed' && (await tellHeld(queue, job.id ?? '', taskId))) return;
    const ended = state === 'unknown' ? context.ledger.task(taskId)?.ended : null;
    if (ended) return printOutput(ended.opsOutput);
    await waitForDaemon(context);
  }
}

async function showLog(queue: Queue, jobId: string, shown: number): Promise<number> {
  const { logs } = await queue.getJobLogs(jobId, shown);
  for (const lines of logs.filter((text) => !text.startsWith('ops_output:'))) tell(lines.replaceAll(/^/gm, '  | '));
  return shown + logs.length;
}

const HELPS: Record<Missing, (taskId: string) => string> = {
  'not-approved': (taskId) => `ops approve ${taskId}`,
  'not-cleared': (taskId) => `ops clear ${taskId}`,
  paused: () => 'ops resume <target> --reason <text> ("ops status" says what is paused)',
};

/** A held task's job is delayed; one that waits for its time is delayed too. */
async function tellHeld(queue: Queue, jobId: string, taskId: string): Promise<boolean> {
  const progress = (await queue.getJob(jobId))?.progress;
  if (typeof progress !== 'object' || !('missing' in progress) || !Array.isArray(progress.missing)) return false;
  tell(`${taskId} is held (${progress.missing.join(', ')}); nothing ran. To let it go on:`);
  for (const missing of progress.missing) tell(`  ${HELPS[missing as Missing]?.(taskId)}`);
  process.exitCode = 3;
  return true;
}

/** The report that this job's end is about; a refusal that was not reported (too many unsigned ones) says so itself. */
async function printEnd({ ledger }: Context, queue: Queue, jobId: string, taskId: string): Promise<void> {
  const reason = (await queue.getJob(jobId))?.failedReason;
  const code = reason?.split(':')[0];
  const report = ledger.reports(taskId).find(({ ops_output }) => ops_output.blockers[0]?.code === code);
  if (!report) throw new OpsError(`${taskId} was refused: ${reason}`);
  printOutput(report.ops_output);
}
