import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { systemClock } from './adapters/clock.ts';
import { poisonedQueues } from './adapters/poisoned-queues.ts';
import { quarantineIn } from './adapters/quarantine-files.ts';
import type { Config } from './config.ts';
import { coerceError } from './errors.ts';
import type { Logger } from './log.ts';
import type { Redactor } from './secret.ts';
import type { Alerter } from './services/alerter.ts';
import type { Ledger } from './services/ledger.ts';
import { Quarantine } from './services/quarantine.ts';
import { Unread } from './services/unread.ts';

const SWEEP_MS = 5_000;
const UNREAD_MS = 60_000;

export interface WatchParts {
  config: Config;
  redis: Redis;
  queues: readonly Queue[];
  ledger: Ledger;
  alerter: Alerter;
  stack: AsyncDisposableStack;
  log: Logger;
  redactor: Redactor;
}

/** Looks after the queues now and then; once before it resolves, so that what killed a daemon is not its next one's first job. */
export async function watchQueues(parts: WatchParts): Promise<void> {
  const { config, redis, ledger, alerter } = parts;
  const { queues, host, home } = config;
  const poisoned = poisonedQueues(redis, queues, host.name);
  const files = quarantineIn(home.var.quarantine, parts.redactor);
  const quarantine = new Quarantine({ queues: poisoned, files, alerter, clock: systemClock });
  const counts = new Map(parts.queues.map((queue) => [queue.name, () => queue.count()] as const));
  const unread = new Unread({ queues: counts, ledger, alerter });
  await every(SWEEP_MS, 'looking for poisoned jobs', () => quarantine.sweep(), parts);
  await every(UNREAD_MS, 'counting what is unread', () => unread.look(), parts);
}

/** The first time before it resolves. One that fails keeps nothing waiting, and is logged, but not again for the same reason. */
async function every(ms: number, what: string, look: () => Promise<void>, { stack, log }: WatchParts): Promise<void> {
  const over = new AbortController();
  stack.defer(() => over.abort());
  const { signal } = over;
  let problem: string | null = null;
  const once = async () => {
    const failure = await look().then(() => null, coerceError);
    const before = problem;
    problem = failure && failure.message;
    if (problem !== null && problem !== before && !signal.aborted)
      log.warn({ reason: problem }, `${what} failed; tried again every ${ms / 1000} s`);
  };
  const goOn = async () => {
    for (;;) {
      await systemClock.wait(ms, signal);
      if (signal.aborted) return;
      await once();
    }
  };
  await once();
  void goOn();
}
