import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { utcTime } from '../contract/names.ts';
import { coerceError } from '../errors.ts';
import type { Clock } from '../services/ports.ts';

const LARGEST_BYTES = 10 * 1024 * 1024;
const OLD_FILES = 14;

/** The names of a log, the newest first: `<path>`, `<path>.1` … `<path>.14`. */
export function logNames(path: string): string[] {
  return Array.from({ length: OLD_FILES + 1 }, (_, age) => (age === 0 ? path : `${path}.${age}`));
}

interface OpenFile {
  fd: number;
  ino: number;
  size: number;
  /** The UTC day of its newest line. */
  day: string;
}

/**
 * A file of lines, moved aside before it grows beyond 10 MiB and when a UTC day is over.
 *
 * A line is in the file when `write` returns, so no crash loses one. `write` never throws: what a full disk cannot take
 * is lost, and the next line tries again. A file or folder that somebody removed is made anew.
 */
export class LogFile {
  readonly #path: string;
  readonly #clock: Clock;
  #open: OpenFile | null = null;
  #complained = false;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  write(line: string): void {
    try {
      appendFileSync(this.#fdFor(line), line);
      this.#complained = false;
    } catch (error) {
      this.#close();
      if (!this.#complained) process.stderr.write(`${this.#path}: lines are lost: ${coerceError(error).message}\n`);
      this.#complained = true;
    }
  }

  #fdFor(line: string): number {
    const { fd, size, day } = this.#stillThere() ?? this.#reopen();
    if (size + Buffer.byteLength(line) <= LARGEST_BYTES && day >= this.#today()) return fd;
    this.#moveAside();
    return this.#reopen().fd;
  }

  #stillThere(): OpenFile | null {
    const there = statSync(this.#path, { throwIfNoEntry: false });
    if (!there || there.ino !== this.#open?.ino) return null;
    this.#open.size = there.size;
    return this.#open;
  }

  #reopen(): OpenFile {
    this.#close();
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const fd = openSync(this.#path, 'a+', 0o600);
    const { ino, size, mtimeMs } = fstatSync(fd);
    this.#open = { fd, ino, size, day: size > 0 ? dayOf(mtimeMs) : this.#today() };
    if (endsInHalfALine(fd, size)) appendFileSync(fd, '\n');
    return this.#open;
  }

  #moveAside(): void {
    const names = logNames(this.#path);
    for (const [age, name] of [...names.entries()].toReversed()) moveTo(names[age + 1], name);
  }

  #close(): void {
    if (this.#open) closeSync(this.#open.fd);
    this.#open = null;
  }

  #today(): string {
    return dayOf(this.#clock.now());
  }
}

const dayOf = (at: number): string => utcTime(at).slice(0, 10);

/** The file may not be there yet. One that cannot be moved grows on: that is better than no log. */
function moveTo(older: string | undefined, name: string): void {
  try {
    if (older !== undefined) renameSync(name, older);
  } catch {
    // Said above.
  }
}

/** A crash or a full disk may leave one; the next line must not be glued to it. */
function endsInHalfALine(fd: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last.toString() !== '\n';
}
