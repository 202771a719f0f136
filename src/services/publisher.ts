import type { Ledger, OutboxRow } from './ledger.ts';
import type { Clock } from './ports.ts';

/** Where reports and alerts go, and the mark of how far they got; both are kept by Redis. */
export interface Outlet {
  publish(row: OutboxRow): Promise<void>;
  /** The `seq` of the last published message; null where Redis does not know it (any more). */
  mark(): Promise<number | null>;
  /** Moves it only where it still is at `from`; false where Redis was wiped or replaced meanwhile. */
  moveMark(from: number | null, to: number): Promise<boolean>;
}

/** With the mark lost, what is older than this was read long ago. */
const REPUBLISH_MS = 7 * 24 * 3600_000;
const PAGE = 100;

/** Publishes the outbox in its order. Only this is ever retried, never the work. */
export class Publisher {
  readonly #ledger: Ledger;
  readonly #outlet: Outlet;
  readonly #clock: Clock;
  #draining: Promise<void> = Promise.resolve();
  #waiting = false;

  constructor(ledger: Ledger, outlet: Outlet, clock: Clock) {
    this.#ledger = ledger;
    this.#outlet = outlet;
    this.#clock = clock;
  }

  /** Something is in the outbox, or Redis is back. Resolves when all is published; rejects when that failed. */
  drain(): Promise<void> {
    if (this.#waiting) return this.#draining;
    this.#waiting = true;
    this.#draining = this.#draining.catch(() => undefined).then(() => this.#publishAll());
    return this.#draining;
  }

  async #publishAll(): Promise<void> {
    this.#waiting = false;
    let mark = await this.#outlet.mark();
    let seq = this.#startAfter(mark);
    for (;;) {
      // Committed first: a report must not be read before it is on the disk.
      const rows = await this.#ledger.commit(() => this.#ledger.messagesAfter(seq, PAGE));
      if (rows.length === 0) return;
      for (const row of rows) {
        await this.#outlet.publish(row);
        if (!(await this.#outlet.moveMark(mark, row.seq))) return this.#publishAll();
        mark = row.seq;
        ({ seq } = row);
      }
    }
  }

  /** The mark never survives what it marks: a lost one means that the queue was lost too. A mark of the future is another ledger's. */
  #startAfter(mark: number | null): number {
    const last = this.#ledger.lastSeqBefore(Number.MAX_SAFE_INTEGER);
    if (mark !== null && mark <= last) return mark;
    return this.#ledger.lastSeqBefore(this.#clock.now() - REPUBLISH_MS);
  }
}
