import { coerceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Clock, Service } from '../services/ports.ts';

/** Pauses between two checks; at most seven openings a minute, however often Redis fails. */
const FIRST_MS = 1_000;
const LONGEST_MS = 15_000;
/** Who fails again before this has passed is waited for longer. */
const CALM_MS = 60_000;

/** What ioredis rejects with: Redis refused a command, or was gone before it had answered. */
const OF_REDIS: ReadonlySet<string> = new Set(['ReplyError', 'AbortError']);

export interface BreakerParts {
  /** The connection whose loss opens it. */
  redis: Pick<NodeJS.EventEmitter, 'on' | 'off'>;
  /** Resolves where Redis can be used; rejects with what is wrong. */
  check: () => Promise<void>;
  clock: Clock;
  log: Pick<Logger, 'info' | 'warn'>;
}

/** Told what is wrong with Redis; null where it can be used. */
export type Watcher = (problem: string | null) => void;

/**
 * Opens with the first failure of Redis, and closes when a check finds it usable again; the checks are made after
 * growing pauses. While it is open nothing new is taken. Nobody else logs what Redis does: two lines an opening.
 */
export class RedisBreaker implements Service {
  readonly #parts: BreakerParts;
  readonly #watchers: Watcher[] = [];
  readonly #stopped = new AbortController();
  readonly #onClose = (): void => this.#open(new Error('the connection to Redis was lost'));
  #started = false;
  #problem: string | null = null;
  #pauseMs = FIRST_MS;
  #closedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: BreakerParts) {
    this.#parts = parts;
  }

  /** Null while it is closed. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Tells how it is at once, and each change. */
  watch(watcher: Watcher): void {
    this.#watchers.push(watcher);
    watcher(this.#problem);
  }

  /** Before, it does not open: a start says by itself what is wrong with Redis. */
  async start(): Promise<void> {
    this.#started = true;
    this.#parts.redis.on('close', this.#onClose);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#parts.redis.off('close', this.#onClose);
  }

  /** Opens it where this was a failure of Redis; otherwise false, and the caller must tell it. */
  trip(error: unknown): boolean {
    if (!(error instanceof Error && OF_REDIS.has(error.name))) return false;
    this.#open(error);
    return true;
  }

  /** Redis may have changed without a failure: opens it where a check finds it unusable. */
  async look(): Promise<void> {
    if (this.#problem === null) await this.#parts.check().catch((error: unknown) => this.#open(coerceError(error)));
  }

  #open({ message }: Error): void {
    if (!this.#started || this.#stopped.signal.aborted || this.#problem !== null) return;
    const { clock, log } = this.#parts;
    if (clock.monotonic() - this.#closedAt > CALM_MS) this.#pauseMs = FIRST_MS;
    log.warn({ reason: message }, 'Redis cannot be used: no new task is taken, and what runs goes on');
    this.#say(message);
    void this.#close(clock.monotonic());
  }

  async #close(openedAt: number): Promise<void> {
    const { check, clock, log } = this.#parts;
    const { signal } = this.#stopped;
    let last = this.#problem;
    while (this.#problem !== null) {
      await clock.wait(this.#pauseMs, signal);
      if (signal.aborted) return;
      this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_MS);
      last = this.#problem;
      const found = await check().then(() => null, coerceError);
      if (signal.aborted) return;
      this.#say(found && found.message);
    }
    this.#closedAt = clock.monotonic();
    log.info({ reason: last, duration_ms: Math.round(this.#closedAt - openedAt) }, 'Redis can be used again');
  }

  #say(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    for (const watcher of this.#watchers) watcher(problem);
  }
}
