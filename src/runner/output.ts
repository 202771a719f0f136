import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { DRAIN_MS, type OutputSource } from './messages.ts';
import { release } from './release.ts';

/** Unacknowledged bytes at which a command's output is no longer read, so that the command waits in its write. */
export const CREDIT_BYTES = 1024 * 1024;
const BATCH_BYTES = 64 * 1024;
const BATCH_MS = 20;
const DRAIN_TICK_MS = 10;

/** What a command prints, in order of arrival, batched by stream, within credit, up to its limit. */
export class Output {
  readonly #streams: readonly Readable[];
  readonly #limitBytes: number;
  readonly #send: (batch: Buffer, source: OutputSource) => void;
  readonly #onLimit: () => void;
  #batch: Buffer[] = [];
  #source: OutputSource = 'stdout';
  #batchBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #unacknowledged = 0;
  #open: number;
  /** Bytes passed on so far. */
  total = 0;
  /** Held back because too much is unacknowledged. */
  paused = false;
  /** Resolves once nobody can print any more. */
  readonly closed: Promise<void>;

  constructor(
    printed: Record<OutputSource, Readable | null>,
    limitBytes: number,
    send: (batch: Buffer, source: OutputSource) => void,
    onLimit: () => void,
  ) {
    const { stdout, stderr } = printed;
    this.#streams = [stdout, stderr].filter((stream) => stream !== null);
    this.#open = this.#streams.length;
    this.#limitBytes = limitBytes;
    this.#send = send;
    this.#onLimit = onLimit;
    this.closed = new Promise((resolve) => {
      if (stdout) this.#listen(stdout, 'stdout', resolve);
      if (stderr) this.#listen(stderr, 'stderr', resolve);
    });
  }

  get isClosed(): boolean {
    return this.#open === 0;
  }

  acknowledge(bytes: number): void {
    this.#unacknowledged -= bytes;
    if (!this.paused || this.#unacknowledged > CREDIT_BYTES / 2) return;
    this.paused = false;
    for (const stream of this.#streams) stream.resume();
  }

  /**
   * After the exit: resolves once nobody can print any more, or when one that outlived the command still can after
   * DRAIN_MS. That limit does not run while the output is held back and `mayWait` allows it: what the command itself
   * has printed would be cut off. More than a pipe holds cannot be from the command.
   */
  async drain(mayWait: () => boolean): Promise<void> {
    const enough = this.total + CREDIT_BYTES;
    for (let leftMs = DRAIN_MS; leftMs > 0 && !this.isClosed && this.total < enough; ) {
      await Promise.race([this.closed, delay(DRAIN_TICK_MS)]);
      if (!this.paused || !mayWait()) leftMs -= DRAIN_TICK_MS;
    }
  }

  /** Passes on what is waiting and reads no more. */
  finish(): void {
    this.#flush();
    for (const stream of this.#streams) stream.destroy();
  }

  #listen(stream: Readable, source: OutputSource, whenAllClosed: () => void): void {
    stream.on('data', (chunk: Buffer) => this.#take(chunk, source));
    stream.on('error', () => stream.destroy());
    stream.once('close', () => {
      this.#open -= 1;
      if (this.#open === 0) whenAllClosed();
    });
  }

  /** Beyond the limit the command is read on and nothing kept, so that it can end in order instead of hanging. */
  #take(chunk: Buffer, source: OutputSource): void {
    const room = this.#limitBytes - this.total;
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk;
    if (kept.length > 0) this.#keep(kept, source);
    if (kept.length < chunk.length) this.#onLimit();
  }

  #keep(chunk: Buffer, source: OutputSource): void {
    if (source !== this.#source) this.#flush();
    this.#source = source;
    this.total += chunk.length;
    this.#unacknowledged += chunk.length;
    this.#batch.push(chunk);
    this.#batchBytes += chunk.length;
    const full = this.#unacknowledged >= CREDIT_BYTES;
    if (full || this.#batchBytes >= BATCH_BYTES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), BATCH_MS);
    if (full) this.#pause();
  }

  #pause(): void {
    this.paused = true;
    for (const stream of this.#streams) stream.pause();
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#batchBytes === 0) return;
    this.#send(join(this.#batch), this.#source);
    this.#batch = [];
    this.#batchBytes = 0;
  }
}

function join(chunks: Buffer[]): Buffer {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const joined = Buffer.concat(chunks);
  for (const chunk of chunks) release(chunk);
  return joined;
}
