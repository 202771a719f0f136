import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outOfBounds, TASK_BOUNDS } from '../../src/contract/bounds.ts';
import { anyJson } from '../support/arbitrary.ts';

const ROOMY = { bytes: 1_000_000, depth: 1000 };
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

function nested(depth: number, inner: unknown = 1): unknown {
  let value = inner;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

const looked = (): never => {
  throw new Error('looked beyond the bound');
};

/** An array whose elements from `from` on must not be looked at. */
function guarded(length: number, from: number): unknown[] {
  const items = Array.from({ length }, () => 0);
  Object.defineProperty(items, from, { get: looked });
  return items;
}

describe('the size of a value', () => {
  it('is never too large where its JSON form is not', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(outOfBounds(value, { bytes: bytesOf(value), depth: 1000 })).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['an object', { a: 'x' }],
    ['an array', [1, 2]],
    ['many small arrays', Array.from({ length: 1000 }, () => [1])],
    ['many small objects', Array.from({ length: 1000 }, () => ({ a: 1 }))],
    ['a text', 'x'],
    ['a text of two-byte letters', 'é'],
    ['a number', -1.5e-7],
    ['null', null],
    ['nothing', {}],
  ])('of %s is that of its JSON form', (_, value) => {
    expect(outOfBounds(value, { bytes: bytesOf(value), depth: 1000 })).toBeUndefined();
    expect(outOfBounds(value, { bytes: bytesOf(value) - 1, depth: 1000 })).toMatchObject({ kind: 'too-large' });
  });

  it('may be a task of exactly 64 KiB, and no byte more', () => {
    const fit = (bytes: number) => ({ reason: 'x'.repeat(bytes - bytesOf({ reason: '' })) });
    expect(bytesOf(fit(TASK_BOUNDS.bytes))).toBe(65_536);
    expect(outOfBounds(fit(TASK_BOUNDS.bytes), TASK_BOUNDS)).toBeUndefined();
    expect(outOfBounds(fit(TASK_BOUNDS.bytes + 1), TASK_BOUNDS)).toMatchObject({ kind: 'too-large' });
  });

  it('counts keys, and bytes instead of characters', () => {
    expect(outOfBounds({ ['k'.repeat(70_000)]: 1 }, TASK_BOUNDS)).toMatchObject({ kind: 'too-large' });
    expect(outOfBounds('é'.repeat(33_000), TASK_BOUNDS)).toMatchObject({ kind: 'too-large' });
    expect(
      outOfBounds(
        Array.from({ length: 70_000 }, () => 1),
        TASK_BOUNDS,
      ),
    ).toMatchObject({ kind: 'too-large' });
    expect(
      outOfBounds(
        Array.from({ length: 30_000 }, () => ({})),
        TASK_BOUNDS,
      ),
    ).toMatchObject({ kind: 'too-large' });
  });

  it('is not measured beyond the bound', () => {
    expect(outOfBounds(guarded(1_000_000, 70_000), TASK_BOUNDS)).toMatchObject({ kind: 'too-large' });
    expect(outOfBounds('x'.repeat(100_000_000), TASK_BOUNDS)).toMatchObject({ kind: 'too-large' });
    expect(outOfBounds({ a: { b: 'x'.repeat(100_000_000) } }, TASK_BOUNDS)).toMatchObject({ kind: 'too-large' });
  });
});

describe('the depth of a value', () => {
  it.each([
    { depth: 20, problem: undefined },
    { depth: 21, problem: 'too-large' },
  ])('may be 20: $depth', ({ depth, problem }) => {
    expect(outOfBounds(nested(depth), TASK_BOUNDS)?.kind).toBe(problem);
    expect(outOfBounds(nested(depth - 1, {}), TASK_BOUNDS)?.kind).toBe(problem);
    expect(outOfBounds([1, { b: nested(depth - 2) }], TASK_BOUNDS)?.kind).toBe(problem);
  });

  it('F33, T10: may be 200,000 without overflowing the stack', () => {
    expect(outOfBounds(nested(200_000), TASK_BOUNDS)).toMatchObject({ kind: 'too-large' });
    expect(outOfBounds(nested(200_000), { bytes: 10_000_000, depth: 1_000_000 })).toBeUndefined();
  });
});

describe('what two readers could understand differently', () => {
  it.each([
    ['a key __proto__', '{"__proto__":1}'],
    ['a key __proto__ deep down', '{"a":[{"b":{"__proto__":{}}}]}'],
    ['a key __proto__ written with an escape', '{"\\u005f_proto__":null}'],
    ['a lone high surrogate', '{"a":"\\ud800"}'],
    ['a lone low surrogate', '["x\\udc00"]'],
    ['surrogates in the wrong order', '"\\udc00\\ud800"'],
    ['a lone surrogate in a key', '{"\\ud800":1}'],
    ['minus zero', '[-0]'],
    ['2^53', '9007199254740992'],
    ['-2^53', '-9007199254740992'],
    ['a number that JSON reads as infinite', '1e999'],
    ['a large number with an exponent', '1e300'],
  ])('is malformed: %s', (_, text) => {
    expect(outOfBounds(JSON.parse(text), ROOMY)).toMatchObject({ kind: 'malformed' });
    expect(outOfBounds([[JSON.parse(text)]], ROOMY)).toMatchObject({ kind: 'malformed' });
  });

  it.each([
    ['NaN', Number.NaN],
    ['undefined', undefined],
    ['a hole', Array(1)],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a bigint', 1n],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['bytes', new Uint8Array(2)],
    ['a boxed text', Object('x')],
    ['an object of a class', new URL('http://a')],
  ])('is malformed, for it is no JSON: %s', (_, value) => {
    expect(outOfBounds(value, ROOMY)).toMatchObject({ kind: 'malformed' });
    expect(outOfBounds({ a: [value] }, ROOMY)).toMatchObject({ kind: 'malformed' });
  });

  it.each([
    ['2^53−1', '[9007199254740991,-9007199254740991]'],
    ['zero', '[0]'],
    ['a pair of surrogates', '"\\ud83d\\ude00"'],
    ['keys that every object has', '{"constructor":1,"toString":{"prototype":[]},"hasOwnProperty":null}'],
    ['a value __proto__', '["__proto__"]'],
    ['control characters', '"\\u0000\\u001f"'],
  ])('is not malformed: %s', (_, text) => {
    expect(outOfBounds(JSON.parse(text), ROOMY)).toBeUndefined();
  });
});
