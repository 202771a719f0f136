import { RedactedStream, type Redactor } from '../secret.ts';

/** A line longer than this is passed on in pieces. */
const LONGEST_LINE = 64 * 1024;

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

/** A control sequence or line's end at the end that may go on. */
// oxlint-disable-next-line no-control-regex
const UNFINISHED = /(?:[\u001B\u009B][^\u001B\u009B]{0,64}|\r)$/;

/** Of a larger chunk the copies on the way would fill the memory before they are collected. */
const PIECE_BYTES = 16 * 1024;

/** Turns a child's bytes into text that is safe to keep and to show: no control sequences, and secrets masked. */
export class PlainText {
  readonly #decoder = new TextDecoder();
  readonly #secrets: RedactedStream;
  /** What waits for the end of its line, before and after secrets are masked. */
  #raw = '';
  #line = '';

  constructor(redactor: Redactor) {
    this.#secrets = new RedactedStream(redactor);
  }

  /** The text that can be passed on now: whole lines, unless they are very long. */
  push(chunk: Uint8Array): string {
    let text = '';
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) text += this.#push(chunk.subarray(at, at + PIECE_BYTES));
    return text;
  }

  #push(chunk: Uint8Array): string {
    const raw = this.#raw + this.#decoder.decode(chunk, { stream: true });
    const cut = endOfLines(raw) ?? raw.length - (UNFINISHED.exec(raw)?.[0].length ?? 0);
    this.#raw = raw.slice(cut);
    const text = this.#line + this.#secrets.push(clean(raw.slice(0, cut)));
    const end = endOfLines(text) ?? text.length;
    this.#line = text.slice(end);
    return text.slice(0, end);
  }

  end(): string {
    return this.#line + this.#secrets.push(clean(this.#raw + this.#decoder.decode())) + this.#secrets.end();
  }
}

/** Where the last whole line ends; null where what follows is too long to wait for its end. */
function endOfLines(text: string): number | null {
  const end = text.lastIndexOf('\n') + 1;
  return text.length - end > LONGEST_LINE ? null : end;
}

// Before secrets are looked for: a colour in the middle of one must not hide it.
function clean(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n').replaceAll(SEQUENCE, '').replaceAll(INVISIBLE, '');
}
