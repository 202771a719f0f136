import type { z } from 'zod';
import { readingsOf } from './escapes.ts';
import { type Found, MIN_LENGTH, Needles, type Span } from './needles.ts';
import { formsOf } from './secret-forms.ts';

/** What stands in the place of a secret. */
const MASK = '[secret]';

/**
 * Masks secrets in text, as they stand there and
 * - escaped, in any mixture and up to three times over: for URLs and forms (`%2F`, `+`), JSON (`\"`, `\/`, `\u00fc`), YAML,
 *   C and shells (`\x2f`, `\057`, `\ `), HTML and XML (`&amp;`, `&#38;`), and quotes within quotes (`'\''`, `''`, `""`);
 * - in hex, of either case;
 * - in base64 and base64url, wherever in a longer text they begin, and wrapped into lines.
 * Of a secret of several lines each line is one. Shorter ones than 8 characters are not masked.
 */
export class Redactor {
  readonly #needles = new Needles();
  readonly #known = new Set<string>();

  constructor(secrets: readonly string[] = []) {
    this.learn(...secrets);
  }

  /** Is masked from now on, in streams that are open, too. Nothing is forgotten: it may be printed at any time. */
  learn(...secrets: readonly string[]): void {
    for (const secret of secrets) {
      if (this.#known.has(secret)) continue;
      this.#known.add(secret);
      for (const form of formsOf(bytesOf(secret))) this.#needles.add(form);
    }
  }

  redact(text: string): string {
    const bytes = bytesOf(text);
    const { spans } = this.find(bytes, false);
    return spans.length > 0 ? textOf(masked(bytes, spans, bytes.length).text) : text;
  }

  /** Where secrets stand in these bytes; `cutOff`: from here on the beginning of one. `goesOn`: more of the text may come. */
  find(bytes: string, goesOn: boolean): Found & { cutOff: number } {
    const all = { spans: [] as Span[], open: bytes.length, cutOff: bytes.length };
    for (const { text, at } of this.#known.size > 0 ? readingsOf(bytes, goesOn) : []) {
      const { spans, open } = this.#needles.find(text);
      for (const [from, to] of spans) all.spans.push([at(from), at(to)]);
      all.open = Math.min(all.open, at(open));
      if (text.length - open >= MIN_LENGTH) all.cutOff = Math.min(all.cutOff, at(open));
    }
    return all;
  }
}

/** Masks secrets in a text that comes in pieces, wherever it is cut. */
export class RedactedStream {
  readonly #redactor: Redactor;
  /** What may be the beginning of a secret. */
  #rest = '';
  /** How much of the rest belongs to a secret that was masked already. */
  #masked = 0;

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  /** Returns what can be passed on now. */
  push(text: string): string {
    const bytes = this.#rest + bytesOf(text);
    const { spans, open } = this.#redactor.find(bytes, true);
    return this.#passOn(bytes, spans, open);
  }

  /** The rest; a secret that is cut off by the end is masked, too. */
  end(): string {
    const { length } = this.#rest;
    const { spans, cutOff } = this.#redactor.find(this.#rest, true);
    return this.#passOn(this.#rest, cutOff < length ? [...spans, [cutOff, length]] : spans, length);
  }

  #passOn(bytes: string, spans: readonly Span[], until: number): string {
    const { text, done } = masked(bytes, spans, until, this.#masked);
    this.#rest = bytes.slice(until);
    this.#masked = done - until;
    return textOf(text);
  }
}

/** These bytes up to `until`, one mask for all that overlaps; `done`: how far the last mask goes. What is before `from` was masked already. */
function masked(bytes: string, spans: readonly Span[], until: number, from = 0): { text: string; done: number } {
  let text = '';
  let done = from;
  for (const [start, end] of spans.toSorted(([a], [b]) => a - b)) {
    if (start >= until) break;
    if (start >= done) text += bytes.slice(done, start) + MASK;
    done = Math.max(done, end);
  }
  return { text: text + bytes.slice(done, until), done: Math.max(done, until) };
}

/** What is not ASCII. A flood of what is must not fill the memory with buffers: it is its own bytes. */
const WIDE = /[\u0080-\uFFFF]/;

/** Each byte as one character: escapes are of bytes. */
const bytesOf = (text: string): string => (WIDE.test(text) ? Buffer.from(text).toString('latin1') : text);

const textOf = (bytes: string): string => (WIDE.test(bytes) ? Buffer.from(bytes, 'latin1').toString() : bytes);

/** A copy of JSON data in which no string and no name holds a secret. */
export function redacted<T>(value: T, redactor: Redactor): T;
export function redacted(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.redact(value);
  if (Array.isArray(value)) return value.map((item) => redacted(item, redactor));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [redactor.redact(name), redacted(item, redactor)]),
  );
}

/** The same where a schema says what the data is: what that fixes, e.g. a state or a digest, is no secret, and stays as it is. */
export function redactedAs<T>(schema: z.ZodType<T>, value: T, redactor: Redactor): T {
  const copy = JSON.parse(JSON.stringify(value), (_name, item) =>
    typeof item === 'string' ? redactor.redact(item) : item,
  );
  for (const { path } of schema.safeParse(copy).error?.issues ?? []) putBack(path, value, copy);
  return copy;
}

type Data = Record<PropertyKey, unknown>;

function putBack(path: readonly PropertyKey[], from: unknown, to: unknown): void {
  const [name = '', ...further] = path;
  if (further.length > 0) putBack(further, (from as Data)[name], (to as Data)[name]);
  else (to as Data)[name] = (from as Data)[name];
}

/** The password of a Redis URL, and as it stands there: the same can be encoded in many ways. */
export function secretsOf(url: string): string[] {
  const { password } = new URL(url);
  return password ? [decodeURIComponent(password), password] : [];
}
