import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { stringify } from 'yaml';
import type { Delivery } from '../admission/parse.ts';
import { OpsOutput } from '../contract/ops-output.ts';
import { coerceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type Redactor, redactedAs } from '../secret.ts';
import type { End, Executor } from '../services/executor.ts';
import type { Failpoint } from '../services/failpoint.ts';
import type { Ledger } from '../services/ledger.ts';
import type { Clock } from '../services/ports.ts';
import { bareBackend } from './bare-backend.ts';
import type { RedisBreaker } from './redis-breaker.ts';

export interface WorkerOptions {
  queue: string;
  prefix: string;
  redis: Redis;
  executor: Executor;
  ledger: Ledger;
  clock: Clock;
  log: Logger;
  redactor: Redactor;
  /** Told what Redis refuses; while it is open nothing is begun. */
  breaker: Pick<RedisBreaker, 'problem' | 'trip'>;
  /** Told when a held task's job has been put aside, in case it was woken meanwhile. */
  onHeld: (job: Job) => Promise<void>;
  reached: Failpoint;
}

/** Redelivery never decides whether work runs, so a lock is short: what a dead daemon held comes back soon. */
const LOCK_MS = 15_000;
const STALLED_CHECK_MS = 10_000;
const AGAIN_MS = 5_000;
/** Deliveries in hand: those that wait for a lock must not keep others out. How many tasks run, the locks decide. */
const IN_HAND = 64;
/** For people who look, of each kind the newest; the ledger keeps the outcomes. */
const KEPT = { count: 1_000 };

/** Takes jobs of one queue through the line. It neither retries nor refuses by itself: the ledger decides. */
export function taskWorker(options: WorkerOptions): Worker {
  const { queue, prefix, redis, log, breaker, reached } = options;
  const settings = {
    connection: redis,
    prefix,
    concurrency: IN_HAND,
    autorun: false,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    removeOnComplete: KEPT,
    removeOnFail: KEPT,
  };
  const worker = new Worker(queue, (job, token) => process(job, token ?? '', options), settings, bareBackend);
  worker.on('error', (error) => {
    if (!breaker.trip(error)) log.debug({ reason: error.message, detail: { queue } }, 'worker');
  });
  for (const end of ['completed', 'failed'] as const) worker.on(end, () => reached('acknowledged'));
  return worker;
}

async function process(job: Job, token: string, options: WorkerOptions): Promise<OpsOutput> {
  const { executor, ledger, log, queue, breaker, reached } = options;
  reached('fetched');
  const name = `${queue}:${job.id}`;
  deliverAgainIfNotSettled(job);
  try {
    // It was fetched while the breaker opened.
    if (breaker.problem !== null) return await lookAgain(job, token, options.clock);
    const delivery = await deliveryOf(job, name, queue, ledger);
    const end = await executor.execute(delivery, (lines) => logLines(job, lines));
    return await settle(job, token, end, options);
  } catch (error) {
    if (error instanceof UnrecoverableError || error instanceof DelayedError) throw error;
    if (!breaker.trip(error)) {
      log.error(
        { reason: coerceError(error).stack ?? null, detail: { job: name } },
        'a delivery failed inside the daemon; it will be looked at again',
      );
    }
    return await lookAgain(job, token, options.clock);
  } finally {
    // It did not kill the daemon.
    if (job.attemptsStarted > 1) ledger.write(() => ledger.forgetDeliveries(name));
  }
}

/**
 * Where Redis refuses to settle a job BullMQ takes this for a failure of the work, and writes so as soon as it can. As
 * one that is retried the job is delivered again instead, and the ledger answers. An end of ours is never retried.
 */
function deliverAgainIfNotSettled(job: Job): void {
  job.opts.attempts = Number.MAX_SAFE_INTEGER;
  job.opts.backoff = { type: 'fixed', delay: AGAIN_MS };
}

async function deliveryOf(job: Job, name: string, queue: string, ledger: Ledger): Promise<Delivery> {
  const redelivered = job.attemptsStarted > 1;
  const deliveries = redelivered ? await ledger.commit(() => ledger.countDelivery(name)) : 0;
  return {
    queue,
    jobId: job.id ?? '',
    name: job.name,
    data: job.data,
    scheduled: job.id?.startsWith('repeat:') ?? false,
    deliveries,
  };
}

async function settle(job: Job, token: string, end: End, options: WorkerOptions): Promise<OpsOutput> {
  if (end.kind === 'open') return lookAgain(job, token, options.clock);
  if (end.kind === 'held') return hold(job, token, end, options);
  // Redis is not for secrets, nor is who looks there.
  const ops_output = redactedAs(OpsOutput, end.opsOutput, options.redactor);
  await logLines(job, stringify({ ops_output }, { lineWidth: 0 }).trimEnd().split('\n'));
  const [blocker] = ops_output.blockers;
  if (!blocker) return ops_output;
  throw new UnrecoverableError(`${blocker.code}: ${blocker.message} (owner: ${blocker.owner})`);
}

async function hold(
  job: Job,
  token: string,
  end: Extract<End, { kind: 'held' }>,
  options: WorkerOptions,
): Promise<never> {
  await job.updateProgress({ state: 'held', missing: end.missing, digest: end.digest });
  await job.moveToDelayed(end.until, token);
  await options.onHeld(job);
  throw new DelayedError();
}

async function lookAgain(job: Job, token: string, clock: Clock): Promise<never> {
  await job.moveToDelayed(clock.now() + AGAIN_MS, token);
  throw new DelayedError();
}

/** The job's log is for people who look; that Redis cannot take it now does not concern the task. */
async function logLines(job: Job, lines: string[]): Promise<void> {
  await job.log(lines.join('\n')).catch(() => undefined);
}
