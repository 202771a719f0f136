import type { Clock } from './ports.ts';

const PER_WINDOW = 60;
const WINDOW_MS = 60_000;

/** Lets 60 a minute through and counts the rest, which it tells at the end of the minute. */
export class Flood {
  readonly #clock: Clock;
  readonly #tell: (rest: number) => Promise<void>;
  #minute = { endsAt: 0, seen: 0 };

  constructor(clock: Clock, tell: (rest: number) => Promise<void>) {
    this.#clock = clock;
    this.#tell = tell;
  }

  admit(): boolean {
    const now = this.#clock.monotonic();
    if (now >= this.#minute.endsAt) this.#minute = { endsAt: now + WINDOW_MS, seen: 0 };
    const minute = this.#minute;
    minute.seen += 1;
    if (minute.seen === PER_WINDOW + 1) {
      const told = this.#clock.wait(minute.endsAt - now).then(() => this.#tell(minute.seen - PER_WINDOW));
      // Where even the alert cannot be written, the refusals are what matters.
      told.catch(() => undefined);
    }
    return minute.seen <= PER_WINDOW;
  }
}

const REMEMBERED = 1000;

/** Tells what has come before, as far as the last thousand different ones go back. */
export class Repeats {
  readonly #keys = new Set<string>();

  has(key: string): boolean {
    const known = this.#keys.delete(key);
    this.#keys.add(key);
    const [oldest] = this.#keys;
    if (this.#keys.size > REMEMBERED && oldest !== undefined) this.#keys.delete(oldest);
    return known;
  }
}
