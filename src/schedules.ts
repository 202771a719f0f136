import { registry } from '../jobs/index.ts';
import { cronTicker } from './adapters/cron-ticker.ts';
import { heartbeatsBy } from './adapters/heartbeats.ts';
import type { Config } from './config.ts';
import { coerceError } from './errors.ts';
import type { Logger } from './log.ts';
import type { Alerter } from './services/alerter.ts';
import { DueTimes } from './services/due-times.ts';
import type { Ledger } from './services/ledger.ts';
import { obstaclesBy } from './services/obstacles.ts';
import type { Clock, Verifier } from './services/ports.ts';
import type { Running } from './services/running.ts';
import { ScheduleAlerts } from './services/schedule-alerts.ts';
import { ScheduleRows } from './services/schedule-rows.ts';
import { Scheduler, type SlotQueue } from './services/scheduler.ts';
import { SlotClaims } from './services/slot-claims.ts';
import { SlotDispatch } from './services/slot-dispatch.ts';
import { SlotEnds } from './services/slot-ends.ts';
import { SlotKeeping } from './services/slot-keeping.ts';

export interface ScheduleParts {
  config: Config;
  ledger: Ledger;
  clock: Clock;
  log: Logger;
  verifier: Verifier;
  alerter: Alerter;
  running: Running;
  queue: SlotQueue;
  isUsable: () => boolean;
  onMessage: () => void;
}

export interface Schedules {
  scheduler: Scheduler;
  rows: ScheduleRows;
  ends: SlotEnds;
}

/** Wires what claims slots, brings them on the queue, and writes how they end. */
export function openSchedules(parts: ScheduleParts): Schedules {
  const { config, ledger, clock, log } = parts;
  const host = config.host.name;
  const heartbeats = heartbeatsBy(log);
  const alerts = new ScheduleAlerts({ ledger, alerter: parts.alerter, host });
  const obstacles = obstaclesBy({ ...parts, registry, host });
  const ends = new SlotEnds({ ledger, alerts, obstacles, heartbeats, onEnd: () => scheduler.look() });
  const times = new DueTimes({ ledger, alerts });
  const claims = new SlotClaims({ ...parts, times, obstacles, alerts, host });
  const dispatch = new SlotDispatch({ ...parts, obstacles, alerts, ends, host });
  const onChange = (name: string) => scheduler.changed(name);
  const rows = new ScheduleRows({ ledger, clock, claims, alerts, onChange });
  const scheduler: Scheduler = new Scheduler({
    ...parts,
    times,
    claims,
    dispatch,
    keeping: new SlotKeeping({ ledger, obstacles, ends, host }),
    ticker: cronTicker,
    heartbeats,
    heartbeat: config.heartbeat,
    onProblem: (error) =>
      log.warn({ reason: coerceError(error).message }, 'a look at the schedules failed; tried again'),
  });
  return { scheduler, rows, ends };
}
