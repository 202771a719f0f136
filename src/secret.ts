/** What stands in the place of a secret. */
const MASK = '[secret]';
/** A shorter piece would mask ordinary words. */
const MIN_LENGTH = 8;

/** Masks known secret values in text. Values of several lines are masked line by line. */
export class Redactor {
  readonly #pattern: RegExp | null;
  /** The longest value it looks for: as much of a stream's end may be the beginning of one. */
  readonly longest: number;

  constructor(secrets: readonly string[]) {
    const pieces = secrets.flatMap((secret) => [secret, encodeURIComponent(secret), ...secret.split('\n')]);
    const values = [...new Set(pieces.flatMap((piece) => [piece, asInJson(piece)]))]
      .filter((piece) => piece.length >= MIN_LENGTH)
      .toSorted((a, b) => b.length - a.length);
    this.longest = values[0]?.length ?? 0;
    this.#pattern = values.length > 0 ? new RegExp(values.map((value) => RegExp.escape(value)).join('|'), 'g') : null;
  }

  redact(text: string): string {
    return this.#pattern ? text.replace(this.#pattern, MASK) : text;
  }
}

const asInJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** The password of a Redis URL, and as it stands there: the same can be encoded in many ways. */
export function secretsOf(url: string): string[] {
  const { password } = new URL(url);
  return password ? [decodeURIComponent(password), password] : [];
}
