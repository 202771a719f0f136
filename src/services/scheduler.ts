import type { SlotTask } from '../contract/task.ts';
import type { DueTimes } from './due-times.ts';
import { fewAtATime } from './few-at-a-time.ts';
import type { Ledger } from './ledger.ts';
import type { Clock, Heartbeats, Service } from './ports.ts';
import type { SlotClaims } from './slot-claims.ts';
import type { SlotDispatch } from './slot-dispatch.ts';
import type { SlotKeeping } from './slot-keeping.ts';

/** Ticks in the given seconds of each minute. */
export interface Ticker {
  /** For each pattern of seconds, e.g. `0` or `0,10,20`, as cron has them. */
  tickIn(seconds: ReadonlySet<string>): void;
  /** Where the clock was set, what is waited for may be another time. */
  restart(): void;
  stop(): void;
}

/** Puts the tasks of slots on the host's own queue. */
export interface SlotQueue {
  /** Signs it and adds it, where its job is not there already. */
  bring(task: SlotTask): Promise<void>;
}

export interface SchedulerParts {
  ledger: Pick<Ledger, 'commit'>;
  clock: Clock;
  times: DueTimes;
  claims: SlotClaims;
  dispatch: SlotDispatch;
  keeping: SlotKeeping;
  ticker: (onTick: () => void) => Ticker;
  queue: SlotQueue;
  heartbeats: Heartbeats;
  /** To be pinged once a minute, where there is one. */
  heartbeat: string | null;
  /** Without Redis nothing is claimed: what falls due meanwhile is late afterwards, as after a sleep. */
  isUsable: () => boolean;
  /** Something waits in the outbox. */
  onMessage: () => void;
  onProblem: (error: unknown) => void;
}

/** Ends of many slots are looked at together. */
const PAUSE_MS = 50;
const MINUTE_MS = 60_000;

/** Has every slot claimed when it is due, and put on the queue when it is ready. It runs nothing itself. */
export class Scheduler implements Service {
  readonly #parts: SchedulerParts;
  readonly #ticker: Ticker;
  readonly #stopped = new AbortController();
  /** Resolved when there was a look, or will be none. */
  readonly #looked = Promise.withResolvers<void>();
  #looking: Promise<void> | null = null;
  /** Apart from looks: the next slots are claimed while a thousand of these are brought. */
  #bringing: Promise<void> = Promise.resolve();
  #wanted = false;
  #started = false;
  #nextLook = new AbortController();
  #pingedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#ticker = parts.ticker(() => this.look());
  }

  /** Resolves when what fell due meanwhile is claimed. */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    this.#parts.times.readAll();
    this.#tick();
    this.look();
    await this.#looked.promise;
  }

  /** Resolves when all is looked at that was to be, and brought. */
  async idle(): Promise<void> {
    while (this.#looking) await this.#looking;
    await this.#bringing;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#looked.resolve();
    this.#nextLook.abort();
    this.#ticker.stop();
    await this.idle();
  }

  /** When a slot is due next, or a definition is over; null where neither is to come. */
  nextDueAt(): number | null {
    return this.#parts.times.nextAt();
  }

  /** Something may be due, or ready. Not within the transaction that tells of it, but right after. */
  look(): void {
    this.#wanted = true;
    if (this.#started && !this.#stopped.signal.aborted) this.#looking ??= Promise.resolve().then(() => this.#lookOn());
  }

  /** A schedule, or one of its slots, is another one now. */
  changed(schedule: string): void {
    if (!this.#started) return;
    this.#parts.times.read(schedule);
    this.#tick();
    this.look();
  }

  /** The host slept, or its clock was set. */
  afterGap(): void {
    if (!this.#started) return;
    this.#parts.times.readAll();
    this.#ticker.restart();
    this.look();
  }

  /** Brings again what Redis may have lost, and ends what may not run any more. */
  async keep(): Promise<void> {
    const { ledger, clock, keeping, onMessage } = this.#parts;
    const tasks = await ledger.commit(() => keeping.tasks(clock.now()));
    onMessage();
    this.look();
    await this.#bring(tasks);
  }

  #tick(): void {
    this.#ticker.tickIn(new Set(['0', ...this.#parts.times.seconds()]));
  }

  async #lookOn(): Promise<void> {
    const { clock, onProblem } = this.#parts;
    const { signal } = this.#stopped;
    while (this.#wanted && !signal.aborted) {
      this.#wanted = false;
      await this.#lookOnce().catch(onProblem);
      this.#looked.resolve();
      if (this.#wanted) await clock.wait(PAUSE_MS, signal);
    }
    this.#looking = null;
  }

  async #lookOnce(): Promise<void> {
    const { ledger, clock, claims, dispatch, isUsable, onMessage } = this.#parts;
    if (!isUsable()) return;
    const now = clock.now();
    await claims.claim(now);
    const { tasks, again, nextAt } = await ledger.commit(() => dispatch.dispatch(now));
    if (again) this.#wanted = true;
    onMessage();
    if (nextAt !== null) this.#lookAt(nextAt - now);
    this.#bringing = this.#bringing.then(() => this.#bring(tasks)).catch(this.#parts.onProblem);
    this.#ping(now);
  }

  #bring(tasks: readonly SlotTask[]): Promise<void> {
    const { queue } = this.#parts;
    return fewAtATime(tasks, async (task) => (this.#stopped.signal.aborted ? undefined : queue.bring(task)));
  }

  #lookAt(ms: number): void {
    this.#nextLook.abort();
    const mine = new AbortController();
    this.#nextLook = mine;
    void this.#lookAfter(ms, mine.signal);
  }

  async #lookAfter(ms: number, signal: AbortSignal): Promise<void> {
    await this.#parts.clock.wait(ms, signal);
    if (!signal.aborted) this.look();
  }

  #ping(now: number): void {
    const { heartbeat, heartbeats } = this.#parts;
    if (heartbeat === null || Math.abs(now - this.#pingedAt) < MINUTE_MS) return;
    this.#pingedAt = now;
    heartbeats.ping(heartbeat, 'success');
  }
}
