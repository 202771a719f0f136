import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { DashboardSettings } from '../dashboard-settings.ts';
import type { Logger } from '../log.ts';
import type { Redactor } from '../secret.ts';
import type { Ledger } from '../services/ledger.ts';
import type { Condition } from '../services/ports.ts';
import type { ScheduleTotals } from '../services/schedule-totals.ts';

export interface DashboardOptions {
  settings: DashboardSettings;
  passwordFile: string;
  /** The name of this host. */
  host: string;
  state: () => Condition;
  redactor: Redactor;
  log: Logger;
}

/** What a running daemon has to show. */
export interface DashboardSources {
  queues: readonly Queue[];
  ledger: Ledger;
  /** The ids of the tasks that run now. */
  running: () => readonly string[];
  schedules: () => ScheduleTotals;
  redis: Redis;
}

export interface Dashboard extends AsyncDisposable {
  readonly url: string;
  readonly password: string;
  /** Null before the daemon runs, and after. */
  show(sources: DashboardSources | null): void;
}
