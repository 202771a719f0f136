import { setImmediate } from 'node:timers/promises';

const ENTRIES = 32;
const BYTES = 1024 * 1024;

/** Lets the daemon do something else after some entries or bytes: they are read and written without waiting. */
export class Pace {
  readonly #signal: AbortSignal | undefined;
  #entries = 0;
  #bytes = 0;

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** @throws the signal's reason where it is aborted. */
  async after(entries: number, bytes: number): Promise<void> {
    this.#entries += entries;
    this.#bytes += bytes;
    if (this.#entries < ENTRIES && this.#bytes < BYTES) return;
    this.#entries = 0;
    this.#bytes = 0;
    await setImmediate();
    this.#signal?.throwIfAborted();
  }
}
