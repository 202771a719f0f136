import type { Ledger } from './ledger.ts';
import type { ControlListener, Statements, StreamEntry, Tell } from './statements.ts';

export interface ControlStream {
  /** The oldest entries after `cursor`, none at the end; null where the cursor's entry is gone: it may be another stream. */
  after(cursor: string): Promise<StreamEntry[] | null>;
  /** Adds entries where `last` still is the last one (`0-0` of an empty stream); false where it is not, and adds nothing. */
  append(tokens: readonly string[], last: string): Promise<boolean>;
}

/** Before the first entry. */
const START = '0-0';
/** How many vetoes are added in one go. */
const RESTORED = 100;

/** Reads the control stream into the ledger, and keeps every veto in it that the ledger knows. */
export class Control {
  readonly #stream: ControlStream;
  readonly #ledger: Ledger;
  readonly #statements: Statements;
  readonly #listener: ControlListener;
  #reading: Promise<void> = Promise.resolve();
  #waiting = false;

  constructor(stream: ControlStream, ledger: Ledger, statements: Statements, listener: ControlListener) {
    this.#stream = stream;
    this.#ledger = ledger;
    this.#statements = statements;
    this.#listener = listener;
  }

  /**
   * Reads the stream to its end. Rejects where Redis cannot be reached: then nothing may be admitted. Who asks before a
   * reading has begun shares it; one under way may already have passed what was added just before the question.
   */
  catchUp(): Promise<void> {
    if (this.#waiting) return this.#reading;
    this.#waiting = true;
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#readToEnd());
    return this.#reading;
  }

  async #readToEnd(): Promise<void> {
    this.#waiting = false;
    for (;;) {
      const cursor = this.#ledger.controlCursor();
      const entries = await this.#stream.after(cursor);
      if (entries === null) await this.#beginAnew();
      else if (entries.length > 0) await this.#read(entries);
      else if (!(await this.#restore(cursor))) return;
    }
  }

  /** Redis was wiped or replaced. What is read twice changes nothing. */
  async #beginAnew(): Promise<void> {
    await this.#ledger.commit(() => {
      this.#ledger.moveControlCursor(START);
      this.#ledger.forgetControlStream();
    });
  }

  async #read(entries: readonly StreamEntry[]): Promise<void> {
    const changes = await Promise.all(entries.map((entry) => this.#statements.changeOf(entry)));
    const made = await this.#ledger.commit(() => {
      this.#ledger.moveControlCursor(entries.at(-1)?.id ?? START);
      return changes.map((change) => change()).filter((tell): tell is Tell => tell !== null);
    });
    for (const tell of made) tell(this.#listener);
  }

  /**
   * For the other hosts: a veto that the stream has lost is added to it again. Only where nobody else has added anything
   * since it was read to its end, so that of many hosts one does it. False where nothing is missing.
   */
  async #restore(last: string): Promise<boolean> {
    const vetoes = this.#ledger.vetoesToRestore(RESTORED);
    if (vetoes.length === 0) return false;
    const believed = await this.#statements.believed(vetoes.map(({ token }) => token));
    const added = believed.length === 0 || (await this.#stream.append(believed, last));
    if (!added) return true;
    await this.#ledger.commit(() => {
      for (const { target } of vetoes) this.#ledger.vetoRestored(target);
      this.#ledger.audit({ event: 'vetoes-restored', detail: { vetoes: believed.length } }, { outcome: 'restored' });
    });
    return true;
  }
}
