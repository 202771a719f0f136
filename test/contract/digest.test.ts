import { hash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf, taskDigest } from '../../src/contract/digest.ts';
import { anyJson, anyTask } from '../support/arbitrary.ts';

const digestOfText = (text: string) => `sha256:${hash('sha256', text)}`;
const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, child]) => [key, shuffled(child)]),
  );
};

describe('the digest', () => {
  it.each([
    [
      'RFC 8785, 3.2.2: numbers, escapes and literals',
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    ],
    [
      'RFC 8785, 3.2.3: keys in the order of UTF-16 code units',
      String.raw`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`,
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ],
    [
      'RFC 8785, appendix B: numbers',
      '[9007199254740992,-9007199254740992,295147905179352830000,5e-324,1e21,0.000001,1e-7,-0]',
      '[9007199254740992,-9007199254740992,295147905179352830000,5e-324,1e+21,0.000001,1e-7,0]',
    ],
    ['no space', ' { "b" : [ 1 , 2 ] , "a" : { } } ', '{"a":{},"b":[1,2]}'],
    ['no normalisation of letters', '"\u0065\u0301"', '"\u0065\u0301"'],
    ['escapes', String.raw`"\u0000\u0008\u0009\u000c\u007f\u2028/"`, '"\\u0000\\b\\t\\f\u007f\u2028/"'],
  ])('is that of the canonical form: %s', (_, text, canonical) => {
    expect(digestOf(JSON.parse(text))).toBe(digestOfText(canonical));
  });

  it('does not depend on the order of keys, and is that of what JSON writes', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(digestOf(shuffled(value))).toBe(digestOf(value));
        expect(digestOf(JSON.parse(JSON.stringify(value)))).toBe(digestOf(value));
      }),
    );
  });

  it('depends on the order of elements, on type and on presence', () => {
    const values = [
      [1, 2],
      [2, 1],
      ['1', 2],
      {},
      { a: null },
      { a: [] },
      { a: {} },
      { a: '' },
      { a: 0 },
      { a: false },
      [],
      null,
      'null',
    ];
    expect(new Set(values.map(digestOf)).size).toBe(values.length);
  });

  it.each([
    ['a lone surrogate', ['\ud800']],
    ['a lone surrogate in a key', { '\ud800': 1 }],
    ['NaN', { a: Number.NaN }],
    ['infinity', [Number.POSITIVE_INFINITY]],
    ['a function', () => 1],
    ['undefined', undefined],
    ['a symbol', Symbol('x')],
    ['a bigint', [1n]],
  ])('is none of %s', (_, value) => {
    expect(() => digestOf(value)).toThrow(Error);
  });

  it('of a task is the lower-case hex of its canonical form', () => {
    expect(taskDigest({ b: 1, a: 'x' })).toBe(digestOfText('{"a":"x","b":1}'));
    fc.assert(fc.property(anyTask, (task) => /^sha256:[0-9a-f]{64}$/.test(taskDigest(task))));
  });
});
