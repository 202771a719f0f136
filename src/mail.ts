import { type Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { systemClock, within } from './adapters/clock.ts';
import { queueOutlet } from './adapters/outlet.ts';
import { HeldJobs } from './adapters/task-queues.ts';
import type { Config } from './config.ts';
import type { RoleKey } from './contract/keyring.ts';
import { coerceError } from './errors.ts';
import type { Logger } from './log.ts';
import type { Failpoint } from './services/failpoint.ts';
import { HeldTasks } from './services/held-tasks.ts';
import type { Ledger } from './services/ledger.ts';
import { Publisher } from './services/publisher.ts';

/** How long a stop waits for the outbox, and for each queue. */
const OUTBOX_MS = 3_000;
const CLOSE_MS = 2_000;
const MINUTE_MS = 60_000;

interface MailParts {
  config: Config;
  ledger: Ledger;
  hostKey: RoleKey;
  redis: Redis;
  stack: AsyncDisposableStack;
  log: Logger;
  reached: Failpoint;
}

type Mail = ReturnType<typeof openMail>;

/** The queues and the outbox: everything that goes to or comes from Redis by itself. */
export function openMail({ config, ledger, hostKey, redis, stack, log, reached }: MailParts) {
  const { queues, host } = config;
  const open = (name: string) => openQueue(name, queues.prefix, redis, stack);
  const taskQueues = [open(queues.tasks), open(queues.hostTasks(host.name))];
  const [results, alerts] = [open(queues.results), open(queues.alerts)];
  const outlet = { results, alerts, redis, markKey: queues.published(host.name), hostKey };
  const publisher = new Publisher(ledger, queueOutlet(outlet), systemClock, reached);
  const heldJobs = new HeldJobs(taskQueues, systemClock);
  const held = new HeldTasks(ledger, heldJobs);
  const inBackground = (what: string, work: Promise<void>) => {
    work.catch((error: unknown) =>
      log.warn({ reason: coerceError(error).message }, `${what} failed; tried again later`),
    );
  };
  stack.defer(() => within(OUTBOX_MS, publisher.drain()));
  return {
    queues: [...taskQueues, results, alerts],
    onMessage: () => inBackground('publishing', publisher.drain()),
    onTarget: (target: string) => inBackground('waking held tasks', held.wake(target)),
    onConnect: () => {
      inBackground('publishing', publisher.recover());
      inBackground('looking at held tasks', held.wakeAll());
    },
    onMinute: () => {
      inBackground('publishing', publisher.recover());
      inBackground('keeping held tasks', held.keepAll());
    },
    onHeld: (job: Job) => heldJobs.putAside(job),
  };
}

/** Redis may have lost anything while it was away, and without a word while it was there. */
export function keepConnected(redis: Redis, mail: Mail, stack: AsyncDisposableStack): void {
  redis.on('ready', mail.onConnect);
  mail.onConnect();
  const timer = setInterval(() => mail.onMinute(), MINUTE_MS);
  stack.defer(() => clearInterval(timer));
}

function openQueue(name: string, prefix: string, connection: Redis, stack: AsyncDisposableStack): Queue {
  const queue = new Queue(name, { connection, prefix });
  // The connection's own listener has logged it; without one here BullMQ prints it.
  queue.on('error', () => undefined);
  return stack.adopt(queue, (opened) => within(CLOSE_MS, opened.close()));
}
