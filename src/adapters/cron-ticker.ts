import { type ScheduledTask, schedule } from 'node-cron';
import type { Ticker } from '../services/scheduler.ts';

/**
 * Ticks by node-cron, one task for each pattern of seconds however many schedules share it. In UTC, where no hour is
 * lost or repeated: zones differ from it by whole minutes, so no slot of any zone falls between two ticks.
 */
export function cronTicker(onTick: () => void): Ticker {
  const tasks = new Map<string, ScheduledTask>();
  const start = (seconds: string) =>
    tasks.set(seconds, schedule(`${seconds} * * * * *`, onTick, { timezone: 'UTC', suppressMissedWarning: true }));
  const stop = (seconds: string) => {
    void tasks.get(seconds)?.destroy();
    tasks.delete(seconds);
  };
  return {
    tickIn: (wanted) => {
      for (const seconds of tasks.keys()) if (!wanted.has(seconds)) stop(seconds);
      for (const seconds of wanted) if (!tasks.has(seconds)) start(seconds);
    },
    restart: () => {
      for (const seconds of [...tasks.keys()]) {
        stop(seconds);
        start(seconds);
      }
    },
    stop: () => {
      for (const seconds of [...tasks.keys()]) stop(seconds);
    },
  };
}
