import { setTimeout as pause } from 'node:timers/promises';

/** Looks until it holds. @throws after `timeout` milliseconds, with what was waited for and what there was instead. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  { timeout = 15_000, interval = 30, instead = (): unknown => '' } = {},
): Promise<void> {
  const late = performance.now() + timeout;
  while (!(await holds())) {
    if (performance.now() > late) throw new Error(`${what}: not within ${timeout} ms; ${String(instead())}`);
    await pause(interval);
  }
}
