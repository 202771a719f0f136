import { type ScheduledTask, schedule } from 'node-cron';
import type { Ticker } from '../services/scheduler.ts';

/** Of itself node-cron leaves out what comes a second late; a minute passes between two ticks at most. */
const OPTIONS = { timezone: 'UTC', missedExecutionTolerance: 60_000, suppressMissedWarning: true };

/**
 * Ticks by node-cron, one task for each pattern of seconds however many schedules share it. In UTC, where no hour is
 * lost or repeated: zones differ from it by whole minutes, so no slot of any zone falls between two ticks.
 */
export function cronTicker(onTick: () => void): Ticker {
  let tasks = new Map<string, ScheduledTask>();
  const start = (seconds: string) => schedule(`${seconds} * * * * *`, onTick, OPTIONS);
  /** Keeps what ticks already, unless it is to begin anew. */
  const tickIn = (wanted: Iterable<string>, kept: ReadonlyMap<string, ScheduledTask>) => {
    const before = tasks;
    tasks = new Map([...wanted].map((seconds) => [seconds, kept.get(seconds) ?? start(seconds)]));
    for (const [seconds, task] of before) if (tasks.get(seconds) !== task) void task.destroy();
  };
  return {
    tickIn: (wanted) => tickIn(wanted, tasks),
    restart: () => tickIn(tasks.keys(), new Map()),
    stop: () => tickIn([], new Map()),
  };
}
