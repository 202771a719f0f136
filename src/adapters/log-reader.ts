import { closeSync, fstatSync, openSync, readSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { coerceError, OpsError } from '../errors.ts';
import type { Clock } from '../services/ports.ts';
import { logNames } from './log-file.ts';

const CHUNK_BYTES = 64 * 1024;
/** Where the system tells nothing of changes, e.g. on a network drive. */
const POLL_MS = 500;
const NEWLINE = 10;

/** Reads the log while another process writes it, across the files that are moved aside. @throws OpsError where it may not. */
export class LogReader implements Disposable {
  readonly #path: string;
  /** What is read now, and how far: always the beginning of a line. */
  #fd: number | null = null;
  #at = 0;

  /** Begins at the end of the newest whole line. */
  constructor(path: string) {
    this.#path = path;
    this.#moveTo(path);
    if (this.#fd !== null) this.#at = endOfLines(this.#fd);
  }

  /** The lines before the beginning, the newest first, as far back as the old files go. */
  *backward(): Generator<string> {
    const own = this.#fd === null ? null : fstatSync(this.#fd).ino;
    if (this.#fd !== null) yield* linesBackward(this.#fd, this.#at);
    for (const name of logNames(this.#path)) {
      const fd = openIfThere(name);
      if (fd === null) continue;
      try {
        // Our own file may have been moved aside meanwhile.
        if (fstatSync(fd).ino !== own) yield* linesBackward(fd, endOfLines(fd));
      } finally {
        closeSync(fd);
      }
    }
  }

  /** The lines from now on, without end. */
  async *forward(clock: Clock): AsyncGenerator<string> {
    let news = new AbortController();
    using _watcher = watchFolder(dirname(this.#path), () => news.abort());
    for (;;) {
      news = new AbortController();
      yield* this.#rest();
      const next = this.#nextFile();
      if (next !== null) {
        // Lines may have come between the last look and the move.
        yield* this.#rest();
        this.#moveTo(next);
      } else await clock.wait(POLL_MS, news.signal);
    }
  }

  *#rest(): Generator<string> {
    if (this.#fd === null) return;
    // Somebody emptied it.
    if (fstatSync(this.#fd).size < this.#at) this.#at = 0;
    for (;;) {
      const chunk = readAt(this.#fd, this.#at, CHUNK_BYTES);
      const end =
        chunk.length === CHUNK_BYTES && !chunk.includes(NEWLINE) ? chunk.length : chunk.lastIndexOf(NEWLINE) + 1;
      if (end === 0) return;
      this.#at += end;
      yield* linesIn(chunk.subarray(0, end));
    }
  }

  /** The file that goes on where this one ended; null where this is the newest. */
  #nextFile(): string | null {
    const names = logNames(this.#path);
    const inodes = names.map((name) => statSync(name, { throwIfNoEntry: false })?.ino);
    if (inodes[0] === undefined) return null;
    // Where there was no log at first, all of it is news.
    const all = inodes.findLastIndex((ino) => ino !== undefined) + 1;
    const own = this.#fd === null ? all : inodes.indexOf(fstatSync(this.#fd).ino);
    return own === 0 ? null : (names[Math.max(own - 1, 0)] ?? null);
  }

  #moveTo(name: string): void {
    const fd = openIfThere(name);
    if (fd === null) return;
    this[Symbol.dispose]();
    this.#fd = fd;
    this.#at = 0;
  }

  [Symbol.dispose](): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new OpsError(`cannot read ${path} (${coerceError(error).message}): it is for the daemon's user and root`);
  }
}

function watchFolder(folder: string, onChange: () => void): Disposable {
  try {
    const watcher = watch(folder, {}, onChange).on('error', () => undefined);
    return { [Symbol.dispose]: () => watcher.close() };
  } catch {
    // There is no such folder yet; the polling finds it.
    return { [Symbol.dispose]: () => undefined };
  }
}

function readAt(fd: number, at: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  return buffer.subarray(0, readSync(fd, buffer, 0, length, at));
}

function* linesBackward(fd: number, end: number): Generator<string> {
  /** The end of a line whose beginning was not read yet. */
  let rest: Buffer = Buffer.alloc(0);
  for (let at = end; at > 0; ) {
    const length = Math.min(CHUNK_BYTES, at);
    at -= length;
    const text = Buffer.concat([readAt(fd, at, length), rest]);
    const begin = at === 0 ? 0 : text.indexOf(NEWLINE) + 1;
    rest = text.subarray(0, begin);
    yield* linesIn(text.subarray(begin)).toReversed();
  }
}

/** Where the last whole line ends. */
function endOfLines(fd: number): number {
  for (let at = fstatSync(fd).size; at > 0; ) {
    const length = Math.min(CHUNK_BYTES, at);
    at -= length;
    const newline = readAt(fd, at, length).lastIndexOf(NEWLINE);
    if (newline >= 0) return at + newline + 1;
  }
  return 0;
}

const linesIn = (bytes: Buffer): string[] =>
  bytes.length === 0 ? [] : bytes.toString().replace(/\n$/, '').split('\n');
