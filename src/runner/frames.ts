import type { Writable } from 'node:stream';
import type { OutputSource } from './messages.ts';
import { release } from './release.ts';

/** What a frame carries. `stdout` and `stderr` are raw bytes; the others are JSON. */
export const FrameKind = { run: 1, abort: 2, acknowledge: 3, started: 4, stdout: 5, stderr: 6, exit: 7 } as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export interface Frame {
  kind: FrameKind;
  /** Which run it is about, as numbered by the daemon. */
  run: number;
  payload: Buffer;
}

export const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;
const HEADER_BYTES = 9;
const KINDS: ReadonlySet<number> = new Set(Object.values(FrameKind));

/** Writes one frame: payload length (4 bytes), kind (1), run (4), payload. */
export function writeFrame(stream: Writable, frame: Frame, written?: (error?: Error | null) => void): void {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32BE(frame.payload.length, 0);
  header.writeUInt8(frame.kind, 4);
  header.writeUInt32BE(frame.run, 5);
  stream.cork();
  stream.write(header);
  stream.write(frame.payload, written);
  stream.uncork();
}

/** Writes output, and gives its memory back once written. */
export function writeOutput(stream: Writable, run: number, batch: Buffer, source: OutputSource): void {
  // After a failure the system may still be reading it.
  const written = (error?: Error | null): void => (error ? undefined : release(batch));
  writeFrame(stream, { kind: FrameKind[source], run, payload: batch }, written);
}

/** Writes a frame whose payload is JSON. */
export function writeMessage(stream: Writable, kind: FrameKind, run: number, message: unknown): void {
  writeFrame(stream, { kind, run, payload: Buffer.from(JSON.stringify(message)) });
}

/** Turns received chunks, cut anywhere, back into frames that share no memory with them. Throws on what is no frame: the stream is unusable then. */
export class FrameDecoder {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerFilled = 0;
  #payload: Buffer | null = null;
  #payloadFilled = 0;

  *push(chunk: Buffer): Generator<Frame> {
    let at = 0;
    while (at < chunk.length || this.#isComplete()) {
      if (this.#headerFilled < HEADER_BYTES) {
        at += this.#fillHeader(chunk, at);
        continue;
      }
      const length = this.#checkedLength();
      this.#payload ??= Buffer.allocUnsafe(length);
      const copied = chunk.copy(this.#payload, this.#payloadFilled, at);
      this.#payloadFilled += copied;
      at += copied;
      if (this.#payloadFilled === length) yield this.#finish(this.#payload);
    }
  }

  /** A frame without payload is complete with its header. */
  #isComplete(): boolean {
    return this.#headerFilled === HEADER_BYTES && this.#header.readUInt32BE(0) === 0;
  }

  #fillHeader(chunk: Buffer, at: number): number {
    const copied = chunk.copy(this.#header, this.#headerFilled, at, at + HEADER_BYTES - this.#headerFilled);
    this.#headerFilled += copied;
    return copied;
  }

  #checkedLength(): number {
    const length = this.#header.readUInt32BE(0);
    if (length > MAX_PAYLOAD_BYTES) throw new Error(`a frame of ${length} bytes is longer than any that is sent`);
    if (!isKind(this.#header.readUInt8(4))) throw new Error(`no frame is of kind ${this.#header.readUInt8(4)}`);
    return length;
  }

  #finish(payload: Buffer): Frame {
    const kind = this.#header.readUInt8(4);
    if (!isKind(kind)) throw new Error(`no frame is of kind ${kind}`);
    this.#headerFilled = 0;
    this.#payload = null;
    this.#payloadFilled = 0;
    return { kind, run: this.#header.readUInt32BE(5), payload };
  }
}

function isKind(value: number): value is FrameKind {
  return KINDS.has(value);
}
