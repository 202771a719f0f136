import type { Worker } from 'bullmq';
import { systemClock, within } from './adapters/clock.ts';
import type { RedisBreaker } from './adapters/redis-breaker.ts';
import { taskWorker, type WorkerOptions } from './adapters/worker.ts';
import type { Line } from './compose.ts';
import type { Config } from './config.ts';
import { coerceError } from './errors.ts';
import type { Logger } from './log.ts';
import type { Mail } from './mail.ts';
import type { Scheduler } from './services/scheduler.ts';

/** How long a stop waits for running tasks to end by themselves. */
const DRAIN_MS = 20_000;
/** How long it waits for TERM, grace and KILL of the rest. */
const ABORT_MS = 10_000;
const WORKERS_MS = 2_000;
const MINUTE_MS = 60_000;

type WorkerParts = Omit<WorkerOptions, 'queue' | 'prefix' | 'clock'> & { config: Config };

/** One for each queue that this host takes tasks from. */
export function startWorkers({ config, ...parts }: WorkerParts): Worker[] {
  const { queues, host } = config;
  return [queues.tasks, queues.hostTasks(host.name)].map((queue) => {
    const worker = taskWorker({
      ...parts,
      queue,
      prefix: queues.prefix,
      clock: systemClock,
    });
    worker
      .run()
      .catch((error: unknown) =>
        parts.log.error({ reason: coerceError(error).message, detail: { queue } }, 'the worker ended'),
      );
    return worker;
  });
}

/** Redis may have lost anything while it was away, and without a word while it was there. */
export async function goOnWhileUsable(
  breaker: RedisBreaker,
  workers: readonly Worker[],
  mail: Mail,
  scheduler: Scheduler,
  stack: AsyncDisposableStack,
): Promise<void> {
  const keepSlots = () => mail.inBackground('keeping slots', () => scheduler.keep());
  breaker.watch((problem) => {
    for (const worker of workers) void (problem === null ? worker.resume() : worker.pause(true));
    if (problem !== null) return;
    mail.onUsable();
    scheduler.look();
    keepSlots();
  });
  const timer = setInterval(() => {
    mail.onMinute();
    keepSlots();
    void breaker.look();
  }, MINUTE_MS);
  stack.defer(() => clearInterval(timer));
  await stack.adopt(breaker, (service) => service.stop()).start();
}

/** Takes nothing new, waits for what runs, ends the rest and leaves it open for the next start. */
export async function drain(
  workers: readonly Worker[],
  { running, locks }: Line,
  urgent: Promise<void>,
  log: Logger,
): Promise<void> {
  locks.close();
  await within(WORKERS_MS, Promise.all(workers.map((worker) => worker.pause(true))));
  await within(DRAIN_MS, Promise.race([running.idle(), urgent]));
  if (running.taskIds.length > 0)
    log.warn({ detail: { tasks: running.taskIds } }, 'these tasks are left open for the next start');
  await within(ABORT_MS, running.stop());
  await within(WORKERS_MS, Promise.all(workers.map((worker) => worker.close())));
  await within(WORKERS_MS, Promise.all(workers.map((worker) => worker.close(true))));
}
