import type { Failpoint } from './failpoint.ts';
import type { Ledger, OutboxRow } from './ledger.ts';
import type { Clock } from './ports.ts';

/** Where reports and alerts go, and the mark of how far they got; both are kept by Redis. */
export interface Outlet {
  /** All of them, in their order. Where it rejects, some may be published. */
  publish(rows: readonly OutboxRow[]): Promise<void>;
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
  readonly #reached: Failpoint;
  #draining: Promise<void> = Promise.resolve();
  #waiting = false;
  /** Where it was seen last; undefined where Redis may have lost it. */
  #mark: number | undefined;

  constructor(ledger: Ledger, outlet: Outlet, clock: Clock, reached: Failpoint) {
    this.#ledger = ledger;
    this.#outlet = outlet;
    this.#clock = clock;
    this.#reached = reached;
  }

  /** Something is in the outbox. Resolves when all is published; rejects when that failed. */
  drain(): Promise<void> {
    if (this.#waiting) return this.#draining;
    this.#waiting = true;
    this.#draining = this.#draining.catch(() => undefined).then(() => this.#publishAll());
    return this.#draining;
  }

  /** The same where Redis is back, or may have lost something without a word. */
  recover(): Promise<void> {
    this.#mark = undefined;
    return this.drain();
  }

  async #publishAll(): Promise<void> {
    this.#waiting = false;
    for (;;) {
      const mark = this.#mark ?? (await this.#findMark());
      const rows = this.#ledger.messagesAfter(mark, PAGE);
      const last = rows.at(-1);
      if (!last) return;
      // A report must not be read before it is on the disk.
      await this.#ledger.durable();
      await this.#outlet.publish(rows);
      this.#reached('published');
      this.#mark = (await this.#outlet.moveMark(mark, last.seq)) ? last.seq : undefined;
      this.#reached('marked');
    }
  }

  /**
   * The mark never survives what it marks: a lost one means that the queue was lost too. A mark of the future is another
   * ledger's. It is put where we begin before anything is published: only a mark that was there can be seen to be gone.
   */
  async #findMark(): Promise<number> {
    const mark = await this.#outlet.mark();
    const last = this.#ledger.lastSeqBefore(Number.MAX_SAFE_INTEGER);
    if (mark !== null && mark <= last) return mark;
    const start = this.#ledger.lastSeqBefore(this.#clock.now() - REPUBLISH_MS);
    await this.#outlet.moveMark(mark, start);
    return start;
  }
}
