import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { RedactedStream, Redactor } from '../src/secret.ts';
import { ENCODINGS } from './encodings.ts';

/** Of so many characters in a row nothing may be left. */
const PIECE = 8;

/** What becomes of a text that comes in these pieces. */
function through(pieces: readonly string[], redactor: Redactor): string {
  const stream = new RedactedStream(redactor);
  return pieces.map((piece) => stream.push(piece)).join('') + stream.end();
}

/** Cut at these places, between two characters each. */
function cut(text: string, places: readonly number[]): string[] {
  const characters = Array.from(text);
  const at = places.map((place) => place % (characters.length + 1)).toSorted((a, b) => a - b);
  return [0, ...at].map((from, n) => characters.slice(from, at[n] ?? characters.length).join(''));
}

/** The pieces of `encoded` that are left in a text. */
function leftOf(encoded: string, text: string): string[] {
  const pieces = Array.from({ length: Math.max(0, encoded.length - PIECE + 1) }, (_, n) => encoded.slice(n, n + PIECE));
  return pieces.filter((piece) => text.includes(piece));
}

const MARKS = ['a', 'B', '7', 'ü', '🌱', '"', "'", '\\', '/', '&', '%', '+', ' ', '$', '<', '=', '\n'];
const secrets = fc
  .oneof(
    fc.string({ unit: 'grapheme-ascii', minLength: PIECE, maxLength: 90 }),
    fc.string({ unit: fc.constantFrom(...MARKS), minLength: PIECE, maxLength: 60 }),
  )
  .filter((text) => text.trim().length >= PIECE);
const cuts = fc.array(fc.nat(), { maxLength: 4 });

describe('T24: a secret', () => {
  it.each(Object.entries(ENCODINGS))('is masked wherever it is cut: %s', (_, encode) => {
    fc.assert(
      fc.property(secrets, cuts, (secret, places) => {
        const encoded = encode(secret);
        const text = through(cut(`said: ${encoded} .\n`, places), new Redactor([secret]));
        expect(leftOf(encoded, text)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it.each(Object.entries(ENCODINGS))('is masked at every cut into two and three: %s', (_, encode) => {
    const secret = String.raw`k3y/ü+"=?&'\s z`;
    const redactor = new Redactor([secret]);
    const whole = encode(secret);
    const { length } = Array.from(whole);
    for (let first = 0; first <= length; first += 1)
      for (const second of [first, first + 1, first + 2, first + 9])
        expect(leftOf(whole, through(cut(whole, [first, Math.min(second, length)]), redactor))).toEqual([]);
  });

  it.each(['base64, wrapped at 64', 'base64, wrapped at 76'])(
    'that is longer than a line is masked in all of them: %s',
    (name) => {
      const secret = Array.from({ length: 90 }, (_, n) => String.fromCodePoint(33 + n)).join('');
      const encoded = ENCODINGS[name]?.(secret) ?? '';
      expect(encoded).toContain('\n');
      expect(leftOf(encoded, through([`said: ${encoded} .`], new Redactor([secret])))).toEqual([]);
    },
  );

  it.each([60, 64, 30])('in hex, wrapped at %i, is masked in all lines that have 8 bytes of it', (columns) => {
    const secret = Array.from({ length: 50 }, (_, n) => String.fromCodePoint(40 + n)).join('');
    const encoded = Buffer.from(`it is ${secret}`).toString('hex');
    const lines = encoded.match(new RegExp(`.{1,${columns}}`, 'g')) ?? [];
    const masked = through([`${lines.join('\n')}\n`], new Redactor([secret]))
      .trimEnd()
      .split('\n');
    expect(masked.slice(1, -1)).toEqual(masked.slice(1, -1).map(() => '[secret]'));
    expect(masked[0]).toBe(`${Buffer.from('it is ').toString('hex')}[secret]`);
    const last = lines.at(-1) ?? '';
    expect(masked.at(-1)).toBe(last.length < 16 ? last : '[secret]');
  });

  it.each(['base64', 'base64url', 'hex'] as const)(
    'is masked wherever in a longer text in %s it begins',
    (encoding) => {
      fc.assert(
        fc.property(
          secrets,
          fc.string({ maxLength: 9 }),
          fc.string({ maxLength: 9 }),
          cuts,
          (secret, before, after, at) => {
            const whole = Buffer.from(`${before}${secret}${after}`).toString(encoding);
            const text = through(cut(whole, at), new Redactor([secret]));
            // What is left are the neighbours, and the characters that they share with the secret.
            const neighbours = Buffer.byteLength(before + after) * 2 + 6;
            expect(text.replaceAll('[secret]', '').length).toBeLessThanOrEqual(neighbours);
          },
        ),
      );
    },
  );

  it('that overlaps another one, or is a part of it, is masked, and so is the other', () => {
    const [one, other, part] = ['abcdefghij-1234', 'ij-1234-klmnopq', 'defghij-12'];
    const text = 'x abcdefghij-1234-klmnopq y';
    for (const order of [
      [one, other, part],
      [part, other, one],
    ])
      for (let at = 0; at <= text.length; at += 1)
        expect(through(cut(text, [at]), new Redactor(order))).toBe('x [secret] y');
  });

  it('of several lines is masked as a whole, and each line where it stands by itself', () => {
    const key = '-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\n  qwertyuiop123456\r\nshort\n-----END KEY-----\n';
    const redactor = new Redactor([key]);
    for (let at = 0; at <= key.length; at += 1) expect(through(cut(`a ${key} b`, [at]), redactor)).toBe('a [secret] b');
    expect(redactor.redact('MIIEowIBAAKCAQEA then "qwertyuiop123456" then short')).toBe(
      '[secret] then "[secret]" then short',
    );
  });

  it('in which line ends are escapes is masked line by line, too: what reads it prints lines', () => {
    const account = String.raw`{"private_key":"-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\nqwertyuiop123456\n"}`;
    expect(new Redactor([account]).redact('line MIIEowIBAAKCAQEA')).toBe('line [secret]');
  });

  it('that is learned in the middle is masked from then on, what of it is held back, too', () => {
    const redactor = new Redactor(['known-before']);
    const stream = new RedactedStream(redactor);
    const before = stream.push('fetched-later known-');
    redactor.learn('fetched-later');
    expect(before + stream.push('before fetched-la') + stream.push('ter') + stream.end()).toBe(
      'fetched-later [secret] [secret]',
    );
  });

  it('that is cut off by the end is masked', () => {
    expect(through(['x hunter2-hun'], new Redactor(['hunter2-hunter2']))).toBe('x [secret]');
    expect(through(['x hunter2%2Dhun%7'], new Redactor(['hunter2-hun~ter2']))).toBe('x [secret]');
    expect(through(['x &#1234567'], new Redactor(['hunter2-hunter2']))).toBe('x &#1234567');
    expect(through(['x hunter2'], new Redactor(['hunter2-hunter2']))).toBe('x hunter2');
  });

  it('that is printed over and over is masked, without being kept until the end', () => {
    const stream = new RedactedStream(new Redactor(['aaaaaaaaaaaa']));
    const text = Array.from({ length: 1_000 }, () => stream.push('a'.repeat(1_000))).join('');
    expect(text).toBe('[secret]');
    expect(stream.end()).toBe('');
  });
});

describe('a text without secrets', () => {
  const notes = fc.string({
    unit: fc.constantFrom('a', 'ü', '🌱', '"', "'", '\\', '%', '4', '1', '&', 'amp;', '\n', 'k3y'),
  });

  it('passes as it is, wherever it is cut', () => {
    fc.assert(
      fc.property(notes, cuts, (text, places) => {
        const redactor = new Redactor(['k3y/S3CRET', 'another Secret\nof lines']);
        expect(through(cut(text, places), redactor)).toBe(text);
        expect(redactor.redact(text)).toBe(text);
      }),
    );
  });

  it('passes on at once but for what may be the beginning of a secret', () => {
    const stream = new RedactedStream(new Redactor(['hunter2-hunter2']));
    expect([stream.push('one\n'), stream.push('two hunt'), stream.push('ing\n'), stream.end()]).toEqual([
      'one\n',
      'two ',
      'hunting\n',
      '',
    ]);
  });
});

describe('many secrets', () => {
  const line = '2026-11-23T10:00:00Z built //app/web:bundle in 1.23 s (381 files, "digest" 0f3a9c77be12 at C:\\x)\n';
  const text = line.repeat(2_000);

  it('cost little more than one: nearly every place is passed by after one look for all of them', () => {
    const redactor = new Redactor(Array.from({ length: 200 }, (_, n) => `${n}/secret+value=of-${n * 7919}`));
    const looks = vi.spyOn(Map.prototype, 'get');
    expect(redactor.redact(text)).toBe(text);
    const { length } = looks.mock.calls;
    looks.mockRestore();
    expect(length).toBeLessThan(text.length / 20);
  });
});
