/** The shortest text that is looked for. */
export const MIN_LENGTH = 8;

/** As many as stay in the processor's cache. */
const FILTER_SIZE = 2 ** 18;

/** Of the last 6 characters: each shift moves an older one out. */
const hashWith = (hash: number, code: number): number => ((hash << 3) ^ code) & (FILTER_SIZE - 1);

/** From where to where something stands. */
export type Span = readonly [from: number, to: number];

export interface Found {
  /** In their order by `from`. */
  spans: Span[];
  /** From here on the text may be the beginning of what would stand there whole if it went on. */
  open: number;
}

/**
 * Finds every place in a text where one of many needles stands. It costs the same for one as for a thousand: nearly every
 * place is passed by after one look into a filter.
 */
export class Needles {
  /** By their first characters, the longest first. */
  readonly #byStart = new Map<string, string[]>();
  /** What is shorter, and some needle begins with. */
  readonly #beginnings = new Set<string>();
  readonly #filter = new Uint8Array(FILTER_SIZE);

  /** A shorter one than `MIN_LENGTH` is left away: it would be found in ordinary words. */
  add(needle: string): void {
    if (needle.length < MIN_LENGTH) return;
    const start = needle.slice(0, MIN_LENGTH);
    const alike = this.#byStart.get(start) ?? [];
    if (alike.includes(needle)) return;
    const longestFirst = [...alike, needle].toSorted((a, b) => b.length - a.length);
    this.#byStart.set(start, longestFirst);
    let hash = 0;
    for (let n = 0; n < MIN_LENGTH; n += 1) {
      this.#beginnings.add(start.slice(0, n));
      hash = hashWith(hash, start.charCodeAt(n));
    }
    this.#filter[hash] = 1;
  }

  find(text: string): Found {
    const found: Found = { spans: [], open: this.#shortOpen(text) };
    const filter = this.#filter;
    let hash = 0;
    for (let n = 0; n < text.length; n += 1) {
      hash = hashWith(hash, text.charCodeAt(n));
      if (filter[hash] === 1 && n + 1 >= MIN_LENGTH) this.#look(text, n + 1 - MIN_LENGTH, found);
    }
    return found;
  }

  #look(text: string, from: number, found: Found): void {
    for (const needle of this.#byStart.get(text.slice(from, from + MIN_LENGTH)) ?? []) {
      if (text.startsWith(needle, from)) {
        found.spans.push([from, from + needle.length]);
        return;
      }
      if (needle.startsWith(text.slice(from))) found.open = Math.min(found.open, from);
    }
  }

  #shortOpen(text: string): number {
    for (let from = Math.max(0, text.length - MIN_LENGTH + 1); from < text.length; from += 1)
      if (this.#beginnings.has(text.slice(from))) return from;
    return text.length;
  }
}
