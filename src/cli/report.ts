import { OpsError } from '../errors.ts';
import type { Context } from './context.ts';
import { printData } from './terminal.ts';

const POLL_MS = 100;

/** `ops report <task_id>`: the newest report that names this task. With `wait`, the one of its end. */
export async function report(
  context: Context,
  taskId: string,
  options: { json?: boolean; wait?: boolean },
): Promise<void> {
  while (options.wait && !context.ledger.task(taskId)?.ended) await context.clock.wait(POLL_MS);
  printReport(context, taskId, options);
}

/** Exit code 1 unless the task is completed. */
export function printReport({ ledger }: Context, taskId: string, options: { json?: boolean } = {}): void {
  const ops_output = ledger.lastReport(taskId)?.ops_output;
  if (!ops_output) throw new OpsError(`there is no report of ${taskId} in this ledger: see "ops tasks"`);
  printData({ ops_output }, options);
  if (ops_output.status !== 'completed') process.exitCode = 1;
}
