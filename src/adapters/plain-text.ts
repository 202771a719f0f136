import type { Redactor } from '../secret.ts';

/** A line longer than this is passed on in pieces. */
const LONGEST_LINE = 64 * 1024;
/** How much of a long line's end is kept back: the longest control sequence that is still recognised. */
const KEPT_BACK = 4 * 1024;

// C0 without tab and newline, DEL, C1, and the marks that reorder text for the eye.
// oxlint-disable-next-line no-control-regex
const INVISIBLE = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]|\p{Bidi_Control}/gu;

/**
 * Control sequences: CSI, the strings that a BEL or ST ends (OSC and the like), and the short ones. None looks beyond the
 * next ESC, so that a flood of beginnings costs no more than other text; `stripVTControlCharacters` needs its square.
 */
const SEQUENCE =
  // oxlint-disable-next-line no-control-regex
  /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|\u001B[\]PX^_][^\u0007\u001B\u009C\n]*(?:\u0007|\u001B\\|\u009C)|\u001B[ -/]*[0-Z\\-~]/g;

/** A control sequence at the end that may go on. */
// oxlint-disable-next-line no-control-regex
const UNFINISHED = /[\u001B\u009B][^\u001B\u009B]{0,64}$/;

/** Turns a child's bytes into text that is safe to keep and to show: no control sequences, and secrets masked. */
export class PlainText {
  readonly #redactor: () => Redactor;
  readonly #decoder = new TextDecoder();
  #rest = '';

  /** What is to be masked may become more while it runs. */
  constructor(redactor: () => Redactor) {
    this.#redactor = redactor;
  }

  /** The text that can be passed on now; the rest waits for its line's end. */
  push(chunk: Uint8Array): string {
    const text = this.#rest + this.#decoder.decode(chunk, { stream: true });
    const end = text.lastIndexOf('\n') + 1;
    if (text.length - end > LONGEST_LINE) return this.#passOnLongLine(text);
    this.#rest = text.slice(end);
    return this.#clean(text.slice(0, end));
  }

  end(): string {
    return this.#clean(this.#rest + this.#decoder.decode());
  }

  /** Keeps its end back, which may be the beginning of a secret. */
  #passOnLongLine(text: string): string {
    const unfinished = UNFINISHED.exec(text)?.[0] ?? '';
    const clean = this.#clean(text.slice(0, text.length - unfinished.length));
    const cut = clean.length - Math.max(KEPT_BACK, this.#redactor().longest);
    this.#rest = clean.slice(cut) + unfinished;
    return clean.slice(0, cut);
  }

  // Cleaned first: a colour in the middle of a secret must not hide it.
  #clean(text: string): string {
    const lines = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
    return this.#redactor().redact(lines.replaceAll(SEQUENCE, '').replaceAll(INVISIBLE, ''));
  }
}
