import { type Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { systemClock, within } from './adapters/clock.ts';
import { queueOutlet } from './adapters/outlet.ts';
import type { RedisBreaker } from './adapters/redis-breaker.ts';
import { TaskJobs } from './adapters/task-queues.ts';
import type { Config } from './config.ts';
import { attest, TOKEN_MAX_AGE_MS } from './contract/attestation.ts';
import type { RoleKey } from './contract/keyring.ts';
import type { SlotTask } from './contract/task.ts';
import { coerceError } from './errors.ts';
import type { Logger } from './log.ts';
import type { Failpoint } from './services/failpoint.ts';
import { HeldTasks } from './services/held-tasks.ts';
import type { Ledger } from './services/ledger.ts';
import { Publisher } from './services/publisher.ts';

/** How long a stop waits for the outbox, and for each queue. */
const OUTBOX_MS = 3_000;
const CLOSE_MS = 2_000;

interface MailParts {
  config: Config;
  ledger: Ledger;
  hostKey: RoleKey;
  redis: Redis;
  breaker: Pick<RedisBreaker, 'problem' | 'trip'>;
  stack: AsyncDisposableStack;
  log: Logger;
  reached: Failpoint;
}

export type Mail = ReturnType<typeof openMail>;

/** The queues and the outbox: everything that goes to or comes from Redis by itself. */
export function openMail({ config, ledger, hostKey, redis, breaker, stack, log, reached }: MailParts) {
  const { queues, host } = config;
  const open = (name: string) => openQueue(name, queues.prefix, redis, stack);
  const taskQueues = [open(queues.tasks), open(queues.hostTasks(host.name))];
  const [results, alerts] = [open(queues.results), open(queues.alerts)];
  const outlet = { results, alerts, redis, markKey: queues.published(host.name), hostKey };
  const publisher = new Publisher(ledger, queueOutlet(outlet), systemClock, reached);
  const jobs = new TaskJobs(redis, taskQueues, systemClock, (held) => ledger.heldData(held));
  const held = new HeldTasks(ledger, jobs);
  const inBackground = (what: string, work: () => Promise<void>) => {
    // All of it is done again when Redis can be used; what was sent to a Redis that is away would wait there unbounded.
    if (breaker.problem !== null) return;
    work().catch((error: unknown) => {
      if (!breaker.trip(error)) log.warn({ reason: coerceError(error).message }, `${what} failed; tried again later`);
    });
  };
  stack.defer(() => within(OUTBOX_MS, publisher.drain()));
  return {
    queues: [...taskQueues, results, alerts],
    onMessage: () => inBackground('publishing', () => publisher.drain()),
    onTarget: (target: string) => inBackground('waking held tasks', () => held.wake(target)),
    onUsable: () => {
      inBackground('publishing', () => publisher.recover());
      inBackground('looking at held tasks', () => held.wakeAll());
    },
    onMinute: () => {
      inBackground('publishing', () => publisher.recover());
      inBackground('keeping held tasks', () => held.keepAll());
    },
    onHeld: (job: Job) => jobs.putAside(job),
    slotQueue: { bring: (task: SlotTask) => jobs.bring(slotJob(task, config, hostKey)) },
    inBackground,
  };
}

function slotJob(task: SlotTask, { queues, host }: Config, hostKey: RoleKey) {
  const { task_id: jobId, operation_type: name } = task;
  const data = async () => ({ task, attestations: [await signedByHost(task, hostKey)] });
  return { queue: queues.hostTasks(host.name), jobId, name, data };
}

/** It is due here. */
function signedByHost(task: SlotTask, hostKey: RoleKey): Promise<string> {
  const issuedAt = new Date(systemClock.now());
  return attest(hostKey, { covers: { task }, issuedAt, validForMs: TOKEN_MAX_AGE_MS });
}

function openQueue(name: string, prefix: string, connection: Redis, stack: AsyncDisposableStack): Queue {
  const queue = new Queue(name, { connection, prefix });
  // Without a listener BullMQ prints it.
  queue.on('error', () => undefined);
  return stack.adopt(queue, (opened) => within(CLOSE_MS, opened.close()));
}
