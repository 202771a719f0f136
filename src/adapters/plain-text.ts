import { stripVTControlCharacters } from 'node:util';
import type { Redactor } from '../secret.ts';

/** A line longer than this is passed on in pieces. */
const LONGEST_LINE = 64 * 1024;
/** How much of a long line's end is kept back: the longest control sequence that is still recognised. */
const KEPT_BACK = 4 * 1024;

// C0 without tab and newline, DEL, C1, and the marks that reorder text for the eye.
// oxlint-disable-next-line no-control-regex
const INVISIBLE = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/** Turns a child's bytes into text that is safe to keep and to show: secrets masked, no control sequences. */
export class PlainText {
  readonly #redactor: Redactor;
  readonly #decoder = new TextDecoder();
  #rest = '';

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  /** The text that can be passed on now; the rest waits for its line's end. */
  push(chunk: Uint8Array): string {
    const text = this.#rest + this.#decoder.decode(chunk, { stream: true });
    const end = text.lastIndexOf('\n') + 1;
    const tooLong = text.length - end > LONGEST_LINE;
    if (end === 0 && !tooLong) {
      this.#rest = text;
      return '';
    }
    const masked = this.#redactor.redact(text);
    const cut = tooLong ? masked.length - Math.max(KEPT_BACK, this.#redactor.longest) : masked.lastIndexOf('\n') + 1;
    this.#rest = masked.slice(cut);
    return plain(masked.slice(0, cut));
  }

  end(): string {
    return plain(this.#redactor.redact(this.#rest + this.#decoder.decode()));
  }
}

function plain(text: string): string {
  return stripVTControlCharacters(text.replaceAll('\r\n', '\n').replaceAll('\r', '\n')).replaceAll(INVISIBLE, '');
}
