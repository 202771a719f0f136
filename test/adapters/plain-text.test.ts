import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainText } from '../../src/adapters/plain-text.ts';
import { Redactor } from '../../src/secret.ts';

const SECRET = 'hunter2-hunter2';
const LINE_LIMIT = 64 * 1024;

/** What becomes of these chunks. */
function through(chunks: readonly (string | Uint8Array)[], ...secrets: string[]): string {
  const redactor = new Redactor(secrets);
  const text = new PlainText(redactor);
  return chunks.map((chunk) => text.push(Buffer.from(chunk))).join('') + text.end();
}

const cutAt = (bytes: Buffer, ...at: number[]): Uint8Array[] =>
  [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));

describe('lines', () => {
  it('are passed on when they are whole, the last one at the end', () => {
    const text = new PlainText(new Redactor());
    expect(text.push(Buffer.from('on'))).toBe('');
    expect(text.push(Buffer.from('e\ntwo\nthr'))).toBe('one\ntwo\n');
    expect(text.push(Buffer.from('ee'))).toBe('');
    expect(text.end()).toBe('three');
  });

  it('T24: are masked by what is known when they come, not when they were opened', () => {
    const redactor = new Redactor();
    const text = new PlainText(redactor);
    expect(text.push(Buffer.from(`${SECRET}\n`))).toBe(`${SECRET}\n`);
    redactor.learn(SECRET);
    expect(text.push(Buffer.from(`${SECRET}\n`))).toBe('[secret]\n');
  });

  it('that are very long are passed on in pieces, whole in the end', () => {
    const line = Array.from({ length: 30_000 }, (_, n) => `${n} `).join('');
    const text = new PlainText(new Redactor());
    const first = text.push(Buffer.from(line));
    expect(first.length).toBeGreaterThan(LINE_LIMIT / 2);
    expect(first + text.end()).toBe(line);
  });

  it.each([
    ['\\r\\n', ['a\r\nb\r\n'], 'a\nb\n'],
    ['\\r\\n across chunks', ['a\r', '\nb'], 'a\nb'],
    ['a progress bar', ['10%\r20%\r100%\n'], '10%\n20%\n100%\n'],
  ])('of %s end with \\n', (_, chunks, plain) => {
    expect(through(chunks)).toBe(plain);
  });
});

describe('F43, T24: secrets', () => {
  it('are masked wherever they are cut, in two', () => {
    const bytes = Buffer.from(`before ${SECRET} after\nnext ${SECRET}\n`);
    for (let at = 0; at <= bytes.length; at += 1)
      expect(through(cutAt(bytes, at), SECRET)).toBe('before [secret] after\nnext [secret]\n');
  });

  it.each(['base64', 'base64url', 'hex', 'json', 'url'] as const)(
    'in %s are masked wherever they are cut, and wherever they begin',
    (form) => {
      const secret = 'hünter2?"~/hunter2';
      const encoded = (text: string) => {
        if (form === 'json') return JSON.stringify(text);
        return form === 'url' ? encodeURIComponent(text) : Buffer.from(text).toString(form);
      };
      for (const before of ['', ':', 'u:', 'us:']) {
        const bytes = Buffer.from(`header ${encoded(`${before}${secret} etc`)} end\n`);
        const whole = through([bytes], secret);
        expect(whole).toMatch(/^header .{0,10}\[secret\].{0,12} end\n$/);
        for (let at = 0; at <= bytes.length; at += 1) expect(through(cutAt(bytes, at), secret)).toBe(whole);
      }
    },
  );

  it('are masked wherever they are cut, byte by byte', () => {
    const bytes = Buffer.from(`grün ${SECRET} 🌱\n`);
    expect(through(cutAt(bytes, ...Array.from(bytes.keys()).slice(1)), SECRET)).toBe('grün [secret] 🌱\n');
  });

  it('of several lines are masked line by line, wherever they are cut', () => {
    const key = '-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\nqwertyuiop123456\n-----END KEY-----';
    const bytes = Buffer.from(`${key}\n`);
    for (let at = 0; at <= bytes.length; at += 1) {
      const plain = through(cutAt(bytes, at), key);
      for (const line of key.split('\n')) expect(plain).not.toContain(line);
    }
  });

  it.each([0, 1, 7, 14, 15, 100, 4090, 4096, 5000])(
    'that lie %i characters before the cut of a long line are masked',
    (beforeTheEnd) => {
      const start = LINE_LIMIT + 10 - beforeTheEnd;
      const line = `${'x'.repeat(start)}${SECRET}${'y'.repeat(LINE_LIMIT)}`;
      for (const size of [LINE_LIMIT + 1, LINE_LIMIT + 11, 16_384]) {
        const chunks = Array.from({ length: Math.ceil(line.length / size) }, (_, n) =>
          line.slice(n * size, (n + 1) * size),
        );
        const plain = through(chunks, SECRET);
        expect(plain).not.toContain(SECRET);
        expect(plain).toBe(line.replace(SECRET, '[secret]'));
      }
    },
  );

  it.each([
    ['a colour', 'hunter2\u001B[31m-hunter2'],
    ['a NUL', 'hunter2\u0000-hunter2'],
    ['a mark that changes the direction', 'hunter2\u202E-hunter2'],
  ])('are masked although %s stands in them, which is taken out', (_, hidden) => {
    expect(through([`a ${hidden} b\n`], SECRET)).not.toContain(SECRET);
  });

  it('are never seen, whatever the text around them and the cuts', () => {
    const noise = fc.string({ unit: fc.constantFrom('a', '\n', '\r', 'hunter2-', '-', 'ü', '🌱'), maxLength: 40 });
    fc.assert(
      fc.property(noise, noise, fc.array(fc.nat({ max: 200 }), { maxLength: 5 }), (before, after, cuts) => {
        const bytes = Buffer.from(`${before}${SECRET}${after}`);
        const at = cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b);
        expect(through(cutAt(bytes, ...at), SECRET)).not.toContain(SECRET);
      }),
      { numRuns: 300 },
    );
  });
});

describe('F43, T25: control sequences', () => {
  it.each([
    ['colours', '\u001B[1;31mred\u001B[0m', 'red'],
    ['moves of the cursor', 'a\u001B[2J\u001B[1;1Hb', 'ab'],
    ['a title', '\u001B]0;title\u0007text', 'text'],
    ['a title that ends with ST', '\u001B]0;title\u001B\\text', 'text'],
    ['a link', '\u001B]8;;https://x\u0007click\u001B]8;;\u0007', 'click'],
    ['C1', 'a\u009B31mb\u0085\u0090c', 'abc'],
    ['bells, backspaces, NULs', 'a\u0007\u0008\u0000\u007Fb', 'ab'],
    ['marks that reorder text', 'user\u202Etxt.exe\u2066\u2069\u200E\u200F', 'usertxt.exe'],
  ])('are taken out: %s', (_, text, plain) => {
    expect(through([`${text}\n`])).toBe(`${plain}\n`);
  });

  it.each(['\u001B]', '\u001B]8;;http://x', '\u001B[1;', '\u001B', '\u009B', '\u001BP'])(
    'F43, T26: that begin and never end cost no more time than other text: %j',
    (beginning) => {
      const began = performance.now();
      const chunk = beginning.repeat(64 * 1024).slice(0, 64 * 1024);
      through(Array.from({ length: 16 }, () => chunk));
      through(Array.from({ length: 16 }, () => `${chunk}\n`));
      // With a pattern that looks for each one's end it was a minute.
      expect(performance.now() - began).toBeLessThan(2_000);
    },
    10_000,
  );

  it('leave no mark of direction', () => {
    const marks = Array.from({ length: 0x3000 }, (_, code) => String.fromCodePoint(code)).filter((mark) =>
      /\p{Bidi_Control}/u.test(mark),
    );
    expect(marks.length).toBeGreaterThan(10);
    expect(through([`${marks.join('')}\n`])).toBe('\n');
  });

  it('are taken out wherever they are cut', () => {
    const bytes = Buffer.from('a\u001B[1;31mred\u001B]0;title\u0007 b\n');
    for (let at = 0; at <= bytes.length; at += 1) expect(through(cutAt(bytes, at))).toBe('ared b\n');
  });

  it('leave tabs and every letter', () => {
    expect(through(['\tgrün – 漢字 🌱 é\n'])).toBe('\tgrün – 漢字 🌱 é\n');
  });
});

describe('F43: bytes that are no text', () => {
  it('become replacement characters, and what follows is read', () => {
    expect(through([Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a]), 'ok\n'])).toBe('a\uFFFD\uFFFDb\nok\n');
  });

  it('that are half a letter at the end are told', () => {
    expect(through([Buffer.from([0x61, 0xf0, 0x9f])])).toMatch(/^a\uFFFD+$/);
  });
});
