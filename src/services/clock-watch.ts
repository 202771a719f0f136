import { ulid } from 'ulid';
import { secondsBehind } from '../admission/checks/time.ts';
import type { Alerter } from './alerter.ts';
import type { ClockAcceptances } from './clock-acceptance.ts';
import type { Control } from './control.ts';
import type { Ledger } from './ledger.ts';
import type { Clock, Service } from './ports.ts';

export interface ClockWatchParts {
  host: string;
  ledger: Ledger;
  clock: Clock;
  acceptances: Pick<ClockAcceptances, 'takeUp'>;
  alerter: Pick<Alerter, 'raise'>;
  control: Pick<Control, 'catchUp'>;
  /** Told that for some time nothing was seen of the world. */
  onGap: () => void;
}

const TICK_MS = 5_000;
/** What NTP and a busy machine may do to the time between two looks. */
const GAP_MS = 10_000;
/** How long a step waits for Redis after a gap: a claimed task goes on without it. */
const CATCH_UP_MS = 5_000;

/**
 * Keeps the latest time seen, and notices a host that slept or stood still, and a clock that was set: where the
 * monotonic time stands still in a sleep the two disagree, and where it goes on the next look comes late.
 */
export class ClockWatch implements Service {
  readonly #parts: ClockWatchParts;
  readonly #stopped = new AbortController();
  #last: { at: number; monotonic: number };
  #started = false;
  #toldBehind = false;
  /** Resolves when it is known what came in the last gap. */
  #awake: Promise<unknown> = Promise.resolve();

  constructor(parts: ClockWatchParts) {
    this.#parts = parts;
    this.#last = this.#readings();
  }

  /** Resolves when what waits from before the start was taken up. */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    await this.#look();
    void this.#watch();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
  }

  /** To be waited for before each step: after a gap the control stream is read first. */
  async awake(): Promise<void> {
    this.#noticeGap();
    await this.#awake;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopped;
    for (;;) {
      await this.#parts.clock.wait(TICK_MS, signal);
      if (signal.aborted) return;
      // A ledger that cannot be written ends the daemon by itself.
      await this.#look().catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { ledger, clock, acceptances } = this.#parts;
    this.#noticeGap();
    await acceptances.takeUp();
    ledger.write(() => ledger.sawTime(clock.now()));
    await this.#tellWhereBehind();
  }

  #noticeGap(): void {
    const before = this.#last;
    this.#last = this.#readings();
    const clockMs = this.#last.at - before.at;
    const elapsedMs = this.#last.monotonic - before.monotonic;
    if (elapsedMs <= TICK_MS + GAP_MS && Math.abs(clockMs - elapsedMs) <= GAP_MS) return;
    const { ledger, clock, control, onGap } = this.#parts;
    this.#awake = Promise.race([control.catchUp().catch(() => undefined), clock.wait(CATCH_UP_MS)]);
    const detail = { clock_s: Math.round(clockMs / 1000), elapsed_s: Math.round(elapsedMs / 1000) };
    const reason = `the host slept or stood still, or its clock was set: by the clock ${detail.clock_s} s passed, by count ${detail.elapsed_s} s`;
    ledger.write(() => ledger.audit({ event: 'time-gap', detail }, { outcome: 'gap', reason }));
    onGap();
  }

  #readings() {
    const { clock } = this.#parts;
    return { at: clock.now(), monotonic: clock.monotonic() };
  }

  /** Once, until it is right again. */
  async #tellWhereBehind(): Promise<void> {
    const { host, ledger, clock, alerter } = this.#parts;
    const behind = secondsBehind(clock.now(), ledger.latestTime());
    const told = this.#toldBehind;
    this.#toldBehind = behind !== null;
    if (behind === null || told) return;
    await alerter.raise(`clock-${ulid().toLowerCase()}`, {
      severity: 'critical',
      code: 'clock',
      subject: `host:${host}`,
      message: `the clock of ${host} is ${behind} s behind the latest time seen there, and every task is refused: set it right, or type "ops clock accept" where it is right`,
    });
  }
}
