import type { Clock } from './ports.ts';

const PER_WINDOW = 60;
const WINDOW_MS = 60_000;

/** Lets 60 a minute through and counts the rest, which it tells at the end of the minute. */
export class Flood {
  readonly #clock: Clock;
  readonly #tell: (rest: number) => Promise<void>;
  #windowEndsAt = 0;
  #seen = 0;

  constructor(clock: Clock, tell: (rest: number) => Promise<void>) {
    this.#clock = clock;
    this.#tell = tell;
  }

  admit(): boolean {
    const now = this.#clock.monotonic();
    if (now >= this.#windowEndsAt) {
      this.#windowEndsAt = now + WINDOW_MS;
      this.#seen = 0;
    }
    this.#seen += 1;
    if (this.#seen === PER_WINDOW + 1) void this.#tellAtTheEnd(this.#windowEndsAt - now);
    return this.#seen <= PER_WINDOW;
  }

  async #tellAtTheEnd(remainingMs: number): Promise<void> {
    await this.#clock.wait(remainingMs);
    await this.#tell(this.#seen - PER_WINDOW);
  }
}
