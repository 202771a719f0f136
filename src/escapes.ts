/** A text as it reads with escapes undone. Each of its characters is one byte. */
export interface Reading {
  text: string;
  /** Where in the text as it stands a character of this one begins; behind the last one, where that ends. */
  at: (index: number) => number;
}

/** A way to write characters as something else. */
interface Escape {
  whole: RegExp;
  /** Of a text that goes on: the same, and what at its end may become one. */
  wholeOrBegun: RegExp;
  /** The bytes that stand for a whole one. */
  meaning: (escape: string) => string;
}

function escapeOf(whole: RegExp, begun: RegExp, meaning: Escape['meaning']): Escape {
  const wholeOrBegun = new RegExp(`((?:${begun.source})$)|${whole.source}`, 'g');
  return { whole: new RegExp(whole, 'g'), wholeOrBegun, meaning };
}

const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');

const byteOf = (digits: string, base: number): string => String.fromCharCode(Number.parseInt(digits, base) & 0xff);

const URLS = escapeOf(/%[\dA-Fa-f]{2}/, /%[\dA-Fa-f]?/, (escape) => byteOf(escape.slice(1), 16));

/** JSON, YAML, C and shells. JSON has two escapes for a character beyond U+FFFF. */
const BACKSLASHES = escapeOf(
  /\\(?:u[dD][89ABab][\dA-Fa-f]{2}\\u[dD][C-Fc-f][\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|x[\dA-Fa-f]{2}|[0-7]{1,3}|.)/,
  /\\(?:u[dD][89ABab][\dA-Fa-f]{2}(?:\\(?:u[\dA-Fa-f]{0,3})?)?|u[\dA-Fa-f]{0,3}|x[\dA-Fa-f]?|[0-7]{1,2})?/,
  (escape) => {
    const first = escape.charAt(1);
    if (first === 'u' && escape.length > 2) return bytesOf(JSON.parse(`"${escape}"`));
    if (first === 'x' && escape.length > 2) return byteOf(escape.slice(2), 16);
    return /[0-7]/.test(first) ? byteOf(escape.slice(1), 8) : (CONTROLS[first] ?? first);
  },
);

const CONTROLS: Record<string, string> = { a: '\x07', b: '\b', e: '\x1B', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** HTML and XML. */
const ENTITIES = escapeOf(
  /&(?:#\d{1,7}|#[xX][\dA-Fa-f]{1,6}|amp|lt|gt|quot|apos);/,
  /&(?:#\d{0,7}|#[xX][\dA-Fa-f]{0,6}|[a-z]{0,4})/,
  (escape) => {
    const [, name = '', hex, decimal] = /^&(?:(\w+)|#[xX](.+)|#(.+));$/.exec(escape) ?? [];
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return NAMED[name] ?? (code <= 0x10_ff_ff ? bytesOf(String.fromCodePoint(code)) : '');
  },
);

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** A quote within quotes: in shells, in SQL and YAML, in CSV. */
const SHELL = escapeOf(/'(?:\\'|"'")'/, /'(?:\\'?|"'?"?)?/, () => "'");
const APOSTROPHES = escapeOf(/''/, /'/, () => "'");
const QUOTES = escapeOf(/""/, /"/, () => '"');

/** GNU's programs where the locale has no letters beyond ASCII: `'a'$'\303\274\n''b'`. A backslash between plain quotes is one. */
const GNU = escapeOf(
  /'\\''|'\$'(?=\\)|(?<=\\(?:[0-7]{3}|[abfnrtv]))''|\\[0-7]{3}|(?<='\$'(?:\\(?:[0-7]{3}|[abfnrtv])){0,16})\\[abfnrtv]/,
  /'(?:\\'?|\$'?)?|\\[0-7]{0,2}/,
  (escape) => {
    if (escape.startsWith('\\')) return CONTROLS[escape.charAt(1)] ?? byteOf(escape.slice(1), 8);
    return escape.includes('\\') ? "'" : '';
  },
);

const ESCAPES = [URLS, BACKSLASHES, ENTITIES, SHELL, APOSTROPHES, QUOTES, GNU];
/** How many of them are undone one after the other: JSON in a URL, JSON in JSON. */
const DEEPEST = 2;

/**
 * The text as it stands, and with its escapes undone, each kind by itself, for a secret may hold what looks like another
 * one. Where the text goes on, an escape that has but begun is left away from its end.
 */
export function* readingsOf(
  text: string,
  goesOn: boolean,
  at: Reading['at'] = (index) => index,
  depth = DEEPEST,
): Generator<Reading> {
  yield { text, at };
  for (const escape of depth > 0 ? ESCAPES : []) {
    const reading = unescaped(text, escape, goesOn);
    if (reading) yield* readingsOf(reading.text, goesOn, (index) => at(reading.at(index)), depth - 1);
  }
}

/** The longest escape is one of JSON for a character beyond U+FFFF: 12. */
const TAIL = 16;

/** Null where it has none. */
function unescaped(text: string, escape: Escape, goesOn: boolean): Reading | null {
  const [read, stands] = [[0], [0]];
  let result = '';
  let done = 0;
  for (const { index, whole, begun } of escapesIn(text, escape, goesOn)) {
    result += text.slice(done, index);
    read.push(result.length);
    stands.push(index);
    done = index + whole.length;
    if (begun) break;
    result += escape.meaning(whole);
    read.push(result.length);
    stands.push(done);
  }
  return done === 0 ? null : { text: result + text.slice(done), at: (index) => placeOf(index, read, stands) };
}

/** Only at its end a text is asked for what has but begun: that takes four times as long. */
function* escapesIn(text: string, { whole, wholeOrBegun }: Escape, goesOn: boolean) {
  const tail = goesOn ? text.length - TAIL : text.length;
  let next = 0;
  for (const match of text.matchAll(whole)) {
    if (match.index >= tail) break;
    next = match.index + match[0].length;
    yield { index: match.index, whole: match[0], begun: false };
  }
  if (!goesOn) return;
  wholeOrBegun.lastIndex = Math.max(next, tail);
  for (let match = wholeOrBegun.exec(text); match; match = wholeOrBegun.exec(text))
    yield { index: match.index, whole: match[0], begun: match[1] !== undefined };
}

/**
 * Where what is read at `index` stands: as far behind the last of these pairs of places as it is read behind it. What
 * stands for nothing belongs to what comes after it.
 */
function placeOf(index: number, read: readonly number[], stands: readonly number[]): number {
  let [low, high] = [0, read.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((read[middle] ?? 0) < index) low = middle + 1;
    else high = middle;
  }
  const pair = read[low] === index ? low : low - 1;
  return (stands[pair] ?? 0) + index - (read[pair] ?? 0);
}
