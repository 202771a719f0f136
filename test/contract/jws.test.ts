import { generateKeyPairSync, sign as nodeSign } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { isSignedBy, openToken, signToken, TOKEN_TYPES } from '../../src/contract/jws.ts';
import { keyId, PublicJwk, RoleKey, ringEntry } from '../../src/contract/keyring.ts';
import { roleKey } from '../support/tasks.ts';

const key = await roleKey('manager', 'savorgManager');
const { jwk } = ringEntry(key);
const claims = { sub: 'x', n: 1 };
const token = await signToken(key, TOKEN_TYPES.attestation, claims);
const [head = '', body = '', signature = ''] = token.split('.');

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const header = { alg: 'Ed25519', typ: TOKEN_TYPES.attestation, kid: key.kid };
const withHeader = (value: unknown) => `${encode(value)}.${body}.${signature}`;

/** `part` with its last character exchanged for the next one of the alphabet: other spare bits, the same bytes. */
function withSpareBit(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return part.slice(0, -1) + alphabet[alphabet.indexOf(part.at(-1) ?? '') ^ 1];
}

describe('a token', () => {
  it('has the header of the contract and no more', () => {
    expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toEqual(header);
    expect(openToken(token)).toEqual({ typ: TOKEN_TYPES.attestation, kid: key.kid, claims });
  });

  it('is signed as RFC 8037 has it, which node:crypto says too', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const other = privateKey.export({ format: 'jwk' }) as { x: string };
    const foreign = { kty: 'OKP', crv: 'Ed25519', x: other.x } as const;
    const made = nodeSign(null, Buffer.from(`${head}.${body}`), privateKey).toString('base64url');
    expect(isSignedBy(`${head}.${body}.${made}`, foreign)).toBe(true);
  });

  it('is signed by its key, and by no other', async () => {
    const other = ringEntry(await roleKey('manager', 'savorgManager')).jwk;
    expect(isSignedBy(token, jwk)).toBe(true);
    expect(isSignedBy(token, other)).toBe(false);
    expect(isSignedBy(`${head}.${encode({ ...claims, n: 2 })}.${signature}`, jwk)).toBe(false);
    expect(isSignedBy(`${head}.${body}.`, jwk)).toBe(false);
    expect(isSignedBy('', jwk)).toBe(false);
  });
});

describe('T9: no token is opened', () => {
  it('bare of the check, jose takes a signature with other spare bits', async () => {
    const altered = `${head}.${body}.${withSpareBit(signature)}`;
    expect(altered).not.toBe(token);
    expect(isSignedBy(altered, jwk)).toBe(true);
    expect(openToken(altered)).toHaveProperty('problem');
  });

  it.each([
    ['nothing', ''],
    ['one part', head],
    ['two parts', `${head}.${body}`],
    ['four parts', `${token}.${body}`],
    ['an empty header', `.${body}.${signature}`],
    ['an empty body', `${head}..${signature}`],
    ['an empty signature', `${head}.${body}.`],
    ['padding', `${token}==`],
    ['padding in the header', `${head}=.${body}.${signature}`],
    ['other spare bits in the signature', `${head}.${body}.${withSpareBit(signature)}`],
    ['other spare bits in a part of two bytes', `${head}.${withSpareBit(encode('{}'))}.${signature}`],
    ['base64 instead of base64url', `${head}.${body}.${'+'.repeat(86)}`],
    ['a space', ` ${token}`],
    ['a line break in it', `${head}.${body}.${signature.slice(0, 40)}\n${signature.slice(40)}`],
    ['a header that is no JSON', `${encode('x')}.${body}.${signature}`],
    ['claims that are no JSON', `${head}.${encode('x')}.${signature}`],
    ['more than 32 KiB', `${head}.${encode('x'.repeat(40_000))}.${signature}`],
  ])('with %s', (_, text) => {
    expect(openToken(text)).toEqual({ problem: expect.any(String) });
  });

  it.each([
    ['alg none', { ...header, alg: 'none' }],
    ['alg HS256', { ...header, alg: 'HS256' }],
    ['alg ed25519', { ...header, alg: 'ed25519' }],
    ['no alg', { typ: header.typ, kid: header.kid }],
    ['no kid', { alg: header.alg, typ: header.typ }],
    ['no typ', { alg: header.alg, kid: header.kid }],
    ['typ JWT', { ...header, typ: 'JWT' }],
    ['a jwk', { ...header, jwk }],
    ['a jku', { ...header, jku: 'https://example.org/keys' }],
    ['crit', { ...header, crit: ['b64'], b64: false }],
    ['an x5c', { ...header, x5c: [] }],
    ['a kid that is a number', { ...header, kid: 1 }],
    ['an array', [header]],
    ['null', null],
  ])('whose header has %s', (_, value) => {
    expect(openToken(withHeader(value))).toHaveProperty('problem');
  });

  it('whose bytes would be read as HMAC with the public key', async () => {
    const secret = Buffer.from(jwk.x, 'base64url');
    const forged = await new SignJWT(claims).setProtectedHeader({ ...header, alg: 'HS256' }).sign(secret);
    expect(openToken(forged)).toHaveProperty('problem');
    expect(isSignedBy(forged, jwk)).toBe(false);
  });
});

describe('a signature that is no other form of a good one', () => {
  /** Of Ed25519: s and s + L would both fit the equation. */
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const bytes = Buffer.from(signature, 'base64url');
  const s = BigInt(`0x${Buffer.from(bytes.subarray(32).toReversed()).toString('hex')}`);
  const withS = (value: bigint): string => {
    const little = Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toReversed();
    return `${head}.${body}.${Buffer.concat([bytes.subarray(0, 32), little]).toString('base64url')}`;
  };

  it.each([
    ['s + L', s + L],
    ['L', L],
    ['0', 0n],
  ])('T9: is not believed with %s in the place of s', (_, other) => {
    expect(isSignedBy(withS(s), jwk)).toBe(true);
    expect(isSignedBy(withS(other), jwk)).toBe(false);
  });

  it.each([
    ['cut short', bytes.subarray(0, 63)],
    ['one byte longer', Buffer.concat([bytes, Buffer.alloc(1)])],
    ['twice', Buffer.concat([bytes, bytes])],
    ['all zero', Buffer.alloc(64)],
  ])('T9: is not believed %s', (_, other) => {
    expect(isSignedBy(`${head}.${body}.${other.toString('base64url')}`, jwk)).toBe(false);
  });
});

describe('keys', () => {
  it('are named by their RFC 7638 thumbprint: the example of RFC 8037, A.3', async () => {
    const example = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } as const;
    expect(await keyId(example)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
    expect(key.kid).toBe(await keyId(jwk));
  });

  it('give their public half only to the ring', () => {
    expect(ringEntry(key)).toEqual({
      kid: key.kid,
      role: 'manager',
      principal: 'savorgManager',
      jwk: { kty: 'OKP', crv: 'Ed25519', x: key.x },
    });
    expect(JSON.stringify(ringEntry(key))).not.toContain(key.d);
  });

  it.each([
    { ...jwk, crv: 'X25519' },
    { ...jwk, kty: 'EC' },
    { ...jwk, x: 'short' },
    { ...jwk, d: key.d },
    { ...jwk, x: `${jwk.x}=` },
  ])('are refused in the ring as %j', (wrong) => {
    expect(PublicJwk.safeParse(wrong).success).toBe(false);
  });

  it('have one of the five roles', () => {
    expect(RoleKey.safeParse({ ...key, role: 'root' }).success).toBe(false);
  });
});
