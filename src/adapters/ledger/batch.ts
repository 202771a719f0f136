import type { DatabaseSync } from 'node:sqlite';

/**
 * Lets writers share a transaction, because each commit waits for the disk.
 *
 * What is written takes effect at once for readers here. It is committed together with what else comes in the same turn
 * of the event loop; the first to wait in a turn has it committed at once, so that nobody waits who is alone.
 */
export class Batch {
  readonly #db: DatabaseSync;
  readonly #refuse: () => void;
  #open: { durable: PromiseWithResolvers<void>; timer: NodeJS.Immediate } | null = null;
  #committedThisTurn = false;
  #working = false;
  #failure: Error | null = null;
  readonly #failed = Promise.withResolvers<Error>();

  /** `refuse` throws where nothing may be committed any more. */
  constructor(db: DatabaseSync, refuse: () => void) {
    this.#db = db;
    this.#refuse = refuse;
  }

  /** Resolves when a commit failed. */
  get failure(): Promise<Error> {
    return this.#failed.promise;
  }

  /** All of `work`, or nothing when it throws. On the disk before anything that is committed later. */
  write<T>(work: () => T): T {
    if (this.#working) throw new Error('a transaction within another one');
    if (this.#failure) throw this.#failure;
    this.#begin();
    this.#working = true;
    this.#db.exec('SAVEPOINT work');
    try {
      return work();
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK TO work');
      throw error;
    } finally {
      this.#working = false;
      // On a full disk SQLite may have rolled everything back by itself.
      if (this.#db.isTransaction) this.#db.exec('RELEASE work');
    }
  }

  /** Resolves when all that was written before is on the disk. */
  async durable(): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (!this.#open) return;
    const { promise } = this.#open.durable;
    if (!this.#committedThisTurn) this.#commit();
    await promise;
  }

  /** Commits what is still open. */
  close(): void {
    if (this.#open) this.#commit();
  }

  #begin(): void {
    if (this.#open) return;
    // Not IMMEDIATE: one daemon writes, and an empty transaction then costs nothing.
    this.#db.exec('BEGIN');
    this.#open = { durable: Promise.withResolvers(), timer: setImmediate(() => this.#commit()) };
    // Not everybody waits; who does gets the rejection.
    this.#open.durable.promise.catch(() => undefined);
  }

  #commit(): void {
    if (!this.#open) return;
    const { durable, timer } = this.#open;
    this.#open = null;
    clearImmediate(timer);
    try {
      this.#refuse();
      this.#db.exec('COMMIT');
      durable.resolve();
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      // What others believe to be written is gone: nothing may be built on it.
      this.#failure = new Error('the ledger could not be written; the daemon must start again', { cause: error });
      durable.reject(this.#failure);
      this.#failed.resolve(this.#failure);
    }
    this.#committedThisTurn = true;
    setImmediate(() => {
      this.#committedThisTurn = false;
    });
  }
}
