import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { keyRingFile, readRoleKey } from '../adapters/etc-files.ts';
import { type KeyRing, type KeyRingEntry, keyId, PublicJwk, RoleKey } from '../contract/keyring.ts';
import type { Role } from '../contract/names.ts';

/** The private key in this file; it is made where it is missing. */
export async function ensureKey(path: string, role: Role, principal: string): Promise<RoleKey> {
  if (existsSync(path)) return readRoleKey(path);
  const pair = await generateKeyPair('Ed25519', { extractable: true });
  const { kty, crv, x, d } = await exportJWK(pair.privateKey);
  const kid = await keyId(PublicJwk.parse({ kty, crv, x }));
  const key = RoleKey.parse({ kty, crv, x, d, kid, role, principal });
  writeNew(path, `${JSON.stringify(key, null, 2)}\n`, 0o600);
  return key;
}

/** Which of these keys the ring lacks: a key that was made anew would otherwise be nobody's. */
export function missingFromRing(path: string, entries: readonly KeyRingEntry[]): KeyRingEntry[] {
  const { keys } = ringAt(path);
  return entries.filter(({ kid }) => !keys.some((key) => key.kid === kid));
}

/** Adds what the ring lacks. The entries that are there stay as they are. */
export function addToRing(path: string, entries: readonly KeyRingEntry[]): void {
  const fresh = missingFromRing(path, entries);
  if (fresh.length === 0) return;
  const { version, keys } = ringAt(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const next: KeyRing = { version: version + 1, keys: [...keys, ...fresh] };
  writeFileSync(path, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o644 });
}

/** Writes a file that is not there yet, with its folders. */
export function writeNew(path: string, text: string, mode: number): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: mode === 0o600 ? 0o700 : 0o755 });
  writeFileSync(path, text, { mode, flag: 'wx' });
}

const ringAt = (path: string): KeyRing => (existsSync(path) ? keyRingFile(path).current() : { version: 0, keys: [] });
