import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { queueNames } from '../contract/queues.ts';
import type { Ledger } from '../services/ledger.ts';
import type { Condition } from '../services/ports.ts';
import { VERSION } from '../version.ts';
import type { DashboardOptions, DashboardSources } from './dashboard.ts';

const PAGE = 500;
const DURATIONS_S = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200];

/** What `/metrics` says. Everything is read when somebody asks; nothing is counted while work is done. */
export class Metrics {
  readonly #options: Pick<DashboardOptions, 'host' | 'state'>;
  readonly #registry = new Registry();
  readonly #of = metersIn(this.#registry);
  /** Reports up to here are counted; those from before the daemon ran are not. */
  #counted = 0;
  /** Of the last message that Redis was known to have. */
  #published = 0;

  constructor(options: Pick<DashboardOptions, 'host' | 'state'>) {
    this.#options = options;
    this.#of.info.set({ host: options.host, version: VERSION }, 1);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Leaves out reports up to this one. */
  countAfter(seq: number): void {
    this.#counted = Math.max(this.#counted, seq);
  }

  async text(sources: DashboardSources | null): Promise<string> {
    this.#readProcess(this.#options.state());
    if (sources) {
      await this.#readLedger(sources);
      this.#readSchedules(sources);
      await this.#readRedis(sources);
    }
    return this.#registry.metrics();
  }

  #readProcess({ state }: Condition): void {
    const { user, system } = process.cpuUsage();
    this.#of.ready.set(state === 'ready' ? 1 : 0);
    this.#of.memory.set(process.memoryUsage.rss());
    this.#of.cpu.set((user + system) / 1e6);
  }

  async #readLedger({ ledger, running }: DashboardSources): Promise<void> {
    this.#of.running.set(running().length);
    this.#of.held.set(ledger.held().length);
    for (;;) {
      const page = ledger.outcomesAfter(this.#counted, PAGE);
      for (const { seq, outcome, durationMs } of page) {
        this.#of.outcomes.inc({ outcome });
        if (durationMs !== null) this.#of.durations.observe(durationMs / 1000);
        this.#counted = seq;
      }
      if (page.length < PAGE) return;
      await nextTurn();
    }
  }

  #readSchedules({ schedules }: DashboardSources): void {
    const { states, open, alerts, nextDueMs } = schedules();
    for (const [state, count] of Object.entries(states)) this.#of.schedules.set({ state }, count);
    for (const [state, count] of Object.entries(open)) this.#of.slots.set({ state }, count);
    this.#of.scheduleAlerts.reset();
    for (const [code, count] of alerts) this.#of.scheduleAlerts.set({ code }, count);
    this.#of.nextDue.set(nextDueMs === null ? Number.NaN : nextDueMs / 1000);
  }

  async #readRedis(sources: DashboardSources): Promise<void> {
    this.#of.jobs.reset();
    // One that refuses is of no more use than one that is away.
    const answered = isUp(sources.redis) && (await this.#readQueues(sources).catch(() => false));
    this.#of.redis.set(answered ? 1 : 0);
    this.#of.outbox.set(lastSeq(sources.ledger) - this.#published);
  }

  async #readQueues({ redis, queues }: DashboardSources): Promise<true> {
    for (const queue of queues) {
      for (const [state, count] of Object.entries(await queue.getJobCounts()))
        this.#of.jobs.set({ queue: queue.name, state }, count);
    }
    this.#published = await this.#mark(redis, queues);
    return true;
  }

  async #mark(redis: Redis, [queue]: DashboardSources['queues']): Promise<number> {
    const { published } = queueNames({ prefix: queue?.opts.prefix });
    return Number(await redis.get(published(this.#options.host)));
  }
}

/** Where it is not, a command would wait for it. */
export function isUp(redis: Redis): boolean {
  return redis.status === 'ready';
}

const lastSeq = (ledger: Ledger): number => ledger.lastSeqBefore(Number.MAX_SAFE_INTEGER);

function metersIn(registry: Registry) {
  const gauge = <Name extends string = never>(name: string, help: string, labelNames: Name[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const registers = [registry];
  return {
    info: gauge('ops_info', 'Which daemon this is; always 1.', ['host', 'version']),
    ready: gauge('ops_ready', 'Whether it takes tasks.'),
    running: gauge('ops_tasks_running', 'Tasks that run now.'),
    held: gauge('ops_tasks_held', 'Tasks that wait for a signature, or for the end of a pause.'),
    schedules: gauge('ops_schedules', 'Schedules of this host by state.', ['state']),
    slots: gauge('ops_slots_open', 'Slots of schedules that were claimed and have not ended.', ['state']),
    scheduleAlerts: gauge('ops_schedule_alerts', 'Alerts of schedules that stand.', ['code']),
    nextDue: gauge(
      'ops_schedule_next_due_seconds',
      'Until the next slot of any schedule; below zero where it is overdue, NaN where none is to come.',
    ),
    outcomes: new Counter({
      name: 'ops_reports_total',
      help: 'Reports since the daemon started, by the outcome that they tell.',
      labelNames: ['outcome'],
      registers,
    }),
    durations: new Histogram({
      name: 'ops_task_duration_seconds',
      help: 'From the claim of a task to its end, since the daemon started.',
      buckets: DURATIONS_S,
      registers,
    }),
    jobs: gauge('ops_queue_jobs', 'Jobs by queue and state, as far as Redis keeps them.', ['queue', 'state']),
    outbox: gauge('ops_outbox_messages', 'Reports and alerts that are not yet on their queues.'),
    redis: gauge('ops_redis_up', 'Whether Redis answers.'),
    memory: gauge('process_resident_memory_bytes', 'Memory of the daemon.'),
    cpu: gauge('process_cpu_seconds', 'Processor time of the daemon since its start.'),
  };
}
