/** What stands in the place of a secret. */
const MASK = '[secret]';
/** A shorter one cannot be masked: ordinary words would be, too. */
export const MIN_LENGTH = 8;

/** Masks known secret values in text, encoded ones too. Values of several lines are masked line by line. */
export class Redactor {
  readonly #pattern: RegExp | null;
  /** The longest value it looks for: as much of a stream's end may be the beginning of one. */
  readonly longest: number;

  constructor(secrets: readonly string[]) {
    const plain = secrets.flatMap((secret) => [secret, ...secret.split('\n')]);
    const inText = [...plain, ...secrets.map(encodeURIComponent)].flatMap((piece) => [piece, asInJson(piece)]);
    const values = [...new Set([...inText, ...plain.flatMap(asInBytes)])]
      .filter((piece) => piece.length >= MIN_LENGTH)
      .toSorted((a, b) => b.length - a.length);
    this.longest = values[0]?.length ?? 0;
    this.#pattern = values.length > 0 ? new RegExp(values.map((value) => RegExp.escape(value)).join('|'), 'g') : null;
  }

  redact(text: string): string {
    return this.#pattern ? text.replace(this.#pattern, MASK) : text;
  }
}

/** What this process must let out nowhere. It forgets nothing: what was fetched once may be printed at any time. */
export class KnownSecrets {
  readonly #values = new Set<string>();
  #redactor = new Redactor([]);

  /** Of all that is known now: ask for it anew at each use. */
  get redactor(): Redactor {
    return this.#redactor;
  }

  learn(...values: readonly string[]): void {
    const known = this.#values.size;
    for (const value of values) this.#values.add(value);
    if (this.#values.size > known) this.#redactor = new Redactor([...this.#values]);
  }
}

const asInJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** In hex, and in base64 wherever in a longer text it begins: what of that does not depend on its neighbours. */
function asInBytes(text: string): string[] {
  if (text.length < MIN_LENGTH) return [];
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].map((before) => {
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    return Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(from, to);
  });
  return [hex, hex.toUpperCase(), ...base64, ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}

/** The password of a Redis URL, and as it stands there: the same can be encoded in many ways. */
export function secretsOf(url: string): string[] {
  const { password } = new URL(url);
  return password ? [decodeURIComponent(password), password] : [];
}
