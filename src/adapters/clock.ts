import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../services/ports.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  wait: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}).catch(() => undefined),
};

/** Waits for `work`, but not longer than `ms`; how it ends does not matter. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  await Promise.race([work.catch(() => undefined), systemClock.wait(ms, over.signal)]);
  over.abort();
}
