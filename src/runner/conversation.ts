import type { Readable, Writable } from 'node:stream';
import { type Frame, FrameDecoder, FrameKind, writeFrame, writeMessage } from './frames.ts';
import type { ExitMessage, OutputSource, RunRecord } from './messages.ts';
import { release } from './release.ts';

export type OnOutput = (chunk: Uint8Array, source: OutputSource) => Promise<void>;

/** A command under way, as the daemon sees it. */
export interface OpenRun {
  /** The last word of the runner, once all output is dealt with; null if the runner died without one. */
  concluded: Promise<ExitMessage | null>;
  /** That word has come, or will not; output may still be being dealt with. */
  reported: Promise<void>;
  abort: () => void;
}

interface Entry {
  record: RunRecord | null;
  onOutput: OnOutput;
  deliveries: Promise<void>;
  outputFault: string;
  report: () => void;
  conclude: (exit: ExitMessage | null) => void;
}

/** The daemon's side of the messages to and from one runner. */
export class Conversation {
  readonly #toRunner: Writable;
  readonly #entries = new Map<number, Entry>();
  readonly #decoder = new FrameDecoder();
  #lastRun = 0;

  /** `onNonsense` hears of bytes that are no frames; nothing can be understood after them. */
  constructor(toRunner: Writable, fromRunner: Readable, onNonsense: (error: unknown) => void) {
    this.#toRunner = toRunner;
    toRunner.on('error', () => undefined);
    fromRunner.on('error', () => undefined);
    fromRunner.on('data', (chunk: Buffer) => {
      try {
        for (const frame of this.#decoder.push(chunk)) this.#receive(frame);
        release(chunk);
      } catch (error) {
        onNonsense(error);
      }
    });
  }

  /** Sends a request, a `RunMessage` in JSON. */
  begin(request: Buffer, onOutput: OnOutput): OpenRun {
    this.#lastRun = (this.#lastRun + 1) % 0x1_0000_0000;
    const run = this.#lastRun;
    const { promise: concluded, resolve: conclude } = Promise.withResolvers<ExitMessage | null>();
    const { promise: reported, resolve: report } = Promise.withResolvers<void>();
    const deliveries = Promise.resolve();
    this.#entries.set(run, { record: null, onOutput, deliveries, outputFault: '', report, conclude });
    writeFrame(this.#toRunner, { kind: FrameKind.run, run, payload: request });
    return { concluded, reported, abort: () => writeMessage(this.#toRunner, FrameKind.abort, run, {}) };
  }

  /** The runner is gone: every run still open ends with null. Returns the processes these had, as far as known. */
  close(): RunRecord[] {
    const open = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of open) {
      entry.report();
      void entry.deliveries.then(() => entry.conclude(null));
    }
    return open.map((entry) => entry.record).filter((record) => record !== null);
  }

  #receive({ kind, run, payload }: Frame): void {
    const entry = this.#entries.get(run);
    if (entry === undefined) return;
    if (kind === FrameKind.stdout || kind === FrameKind.stderr) {
      const source = kind === FrameKind.stdout ? 'stdout' : 'stderr';
      entry.deliveries = entry.deliveries.then(() => this.#deliver(run, entry, payload, source));
    } else if (kind === FrameKind.started) {
      entry.record = parse(payload) as RunRecord;
    } else if (kind === FrameKind.exit) {
      this.#entries.delete(run);
      entry.report();
      const exit = parse(payload) as ExitMessage;
      void entry.deliveries.then(() => entry.conclude(withFault(exit, entry.outputFault)));
    }
  }

  /** A receiver that fails gets nothing more; the command goes on, for breaking it off may do more harm. */
  async #deliver(run: number, entry: Entry, chunk: Buffer, source: OutputSource): Promise<void> {
    try {
      if (entry.outputFault === '') await entry.onOutput(chunk, source);
    } catch (error) {
      entry.outputFault = `its output could not be kept (${error instanceof Error ? error.message : String(error)})`;
    }
    const { length: bytes } = chunk;
    release(chunk);
    if (this.#entries.has(run)) writeMessage(this.#toRunner, FrameKind.acknowledge, run, { bytes });
  }
}

function withFault(exit: ExitMessage, fault: string): ExitMessage {
  const message = [exit.message, fault].filter((text) => text !== '').join('; ');
  return { ...exit, message };
}

/** The runner is the only sender and shares these types. */
function parse(payload: Buffer): unknown {
  return JSON.parse(payload.toString());
}
