import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';
import type { PublicJwk, RoleKey } from './keyring.ts';

export const TOKEN_TYPES = {
  attestation: 'savorg-attestation+jwt',
  control: 'savorg-control+jwt',
  report: 'savorg-report+jwt',
  clock: 'savorg-clock+jwt',
} as const;
export type TokenType = (typeof TOKEN_TYPES)[keyof typeof TOKEN_TYPES];

/** More than the largest attestation (200 digests of a plan) needs. */
const TOKEN_MAX_BYTES = 32 * 1024;

const Kid = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected a thumbprint');
const Header = z.strictObject({ alg: z.enum(['Ed25519', 'EdDSA']), typ: z.enum(TOKEN_TYPES), kid: Kid });

export interface OpenedToken {
  typ: TokenType;
  kid: string;
  claims: unknown;
}

/**
 * Signs `claims` as a compact JWS (RFC 7515) with header exactly `{ alg, typ, kid }`. By node:crypto, as the check
 * below: jose takes five times as long, and another thread.
 */
export async function signToken(key: RoleKey, typ: TokenType, claims: object): Promise<string> {
  const parts = [{ alg: 'Ed25519', typ, kid: key.kid }, claims];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${sign(null, Buffer.from(signed), privateKey(key)).toString('base64url')}`;
}

/**
 * Opens a token without believing it: its parts, header and claims, or the reason why it is none.
 * Each part must be the one base64url form of its bytes; jose alone accepts altered last characters.
 */
export function openToken(token: string): OpenedToken | { problem: string } {
  if (token.length > TOKEN_MAX_BYTES) return { problem: `expected at most ${TOKEN_MAX_BYTES} bytes` };
  const parts = token.split('.');
  if (parts.length !== 3) return { problem: 'expected three parts' };
  if (!parts.every(isOneBase64url)) return { problem: 'expected base64url without padding or spare bits' };
  try {
    const [header, claims] = parts.slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
    const parsed = Header.safeParse(header);
    if (!parsed.success) return { problem: 'expected the header { alg: Ed25519, typ: savorg-…+jwt, kid } and no more' };
    return { typ: parsed.data.typ, kid: parsed.data.kid, claims };
  } catch {
    return { problem: 'expected JSON in header and claims' };
  }
}

/**
 * Whether `jwk` signed an opened token. By node:crypto, because three of these stand before every task: jose takes a
 * third longer and the machine's other core.
 */
export function isSignedBy(token: string, jwk: PublicJwk): boolean {
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  return verify(null, Buffer.from(token.slice(0, end)), publicKey(jwk), signature);
}

const secrets = new WeakMap<RoleKey, KeyObject>();

function privateKey(key: RoleKey): KeyObject {
  const { kty, crv, x, d } = key;
  const secret = secrets.get(key) ?? createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' });
  secrets.set(key, secret);
  return secret;
}

const keys = new Map<string, KeyObject>();

function publicKey(jwk: PublicJwk): KeyObject {
  const known = keys.get(jwk.x);
  if (known) return known;
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  keys.set(jwk.x, key);
  return key;
}

function isOneBase64url(part: string): boolean {
  return part.length > 0 && Buffer.from(part, 'base64url').toString('base64url') === part;
}
