import { calculateJwkThumbprint } from 'jose';
import { z } from 'zod';
import { Principal, Role, UtcTime } from './names.ts';

const base64url = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected 32 bytes as base64url');

export const PublicJwk = z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: base64url });

/** A role's private key as `ops keys init` writes it; `kid` is the RFC 7638 thumbprint. */
export const RoleKey = z.strictObject({
  ...PublicJwk.shape,
  d: base64url,
  kid: base64url,
  role: Role,
  principal: Principal,
});

/** `etc/keyring.json`: whose signatures count, and for what. The token never chooses its role. */
export const KeyRing = z.strictObject({
  version: z.int().min(1),
  keys: z.array(
    z.strictObject({
      kid: base64url,
      role: Role,
      principal: Principal,
      jwk: PublicJwk,
      revoked_at: UtcTime.optional(),
    }),
  ),
});

export type PublicJwk = z.infer<typeof PublicJwk>;
export type RoleKey = z.infer<typeof RoleKey>;
export type KeyRing = z.infer<typeof KeyRing>;
export type KeyRingEntry = KeyRing['keys'][number];

export const keyId = (jwk: PublicJwk): Promise<string> => calculateJwkThumbprint(jwk, 'sha256');

/** The entry of the ring for a private key's public half. */
export function ringEntry(key: RoleKey): KeyRingEntry {
  const { kid, role, principal, kty, crv, x } = key;
  return { kid, role, principal, jwk: { kty, crv, x } };
}
