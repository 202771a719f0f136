import { daemonOf } from '../adapters/daemon-state.ts';
import type { OpsOutput } from '../contract/ops-output.ts';
import { OpsError } from '../errors.ts';
import type { Context } from './context.ts';
import { printData } from './terminal.ts';

const POLL_MS = 100;

/** `ops report <task_id>`: the final report of a task, else the newest that names it. With `wait`, as soon as there is one. */
export async function report(
  context: Context,
  taskId: string,
  options: { json?: boolean; wait?: boolean },
): Promise<void> {
  while (options.wait && context.ledger.reports(taskId).length === 0) await waitForDaemon(context);
  const [first] = context.ledger.reports(taskId);
  if (!first) throw new OpsError(`there is no report of ${taskId} in this ledger: see "ops tasks"`);
  printOutput(first.ops_output, options);
}

/** One look further. @throws OpsError where nothing will come, because no daemon takes tasks. */
export async function waitForDaemon({ clock, config }: Context): Promise<void> {
  const { state, reason } = daemonOf(config.home);
  if (state === 'stopped') {
    throw new OpsError('no daemon runs on this home, so nothing goes on: start it with "ops up"; what is queued waits');
  }
  if (state === 'safe-mode') throw new OpsError(`the daemon is in safe mode, what is queued waits: ${reason}`);
  await clock.wait(POLL_MS);
}

/** Exit code 1 unless the task is completed. */
export function printOutput(ops_output: OpsOutput, options: { json?: boolean } = {}): void {
  printData({ ops_output }, options);
  if (ops_output.status !== 'completed') process.exitCode = 1;
}
