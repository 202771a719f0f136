import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { keyRingFile, readRoleKey } from '../adapters/etc-files.ts';
import { type Home, homeOf } from '../config.ts';
import { type KeyRing, type KeyRingEntry, keyId, PublicJwk, RoleKey, ringEntry } from '../contract/keyring.ts';
import { HostName, type Role } from '../contract/names.ts';
import { OpsError } from '../errors.ts';
import { keyPath } from './signing.ts';
import { STARTER_POLICY, starterConfig } from './starter.ts';
import { print, printTable } from './terminal.ts';

/** `ops keys init`: makes a home for trying out, with a key for every role. What is there is kept. */
export async function keysInit(root: string | undefined, options: { host?: string }): Promise<void> {
  const home = homeOf(root);
  const host = HostName.safeParse(options.host ?? hostName());
  if (!host.success) throw new OpsError(`--host: ${host.error.issues[0]?.message}`);
  const principals: [Role, string][] = [
    ['manager', 'savorgManager'],
    ['plan-review', 'savorgPlanReview'],
    ['security', 'savorgSecurity'],
    ['operator', `operator@${host.data}`],
    ['host', host.data],
  ];
  const keys = await Promise.all(
    principals.map(([role, principal]) => ensureKey(keyPath(home, role), role, principal)),
  );
  addToRing(home.etc.keyring, keys.map(ringEntry));
  writeNew(home.etc.ops, starterConfig(host.data), 0o644);
  writeNew(home.etc.policy, STARTER_POLICY, 0o644);
  chmodSync(dirname(dirname(home.var.hostKey)), 0o700);
  print(`${home.root} is ready. What may run here stands in ${home.etc.policy}; in a new home that is nothing.`);
  listKeys(home);
}

/** `ops keys list`: whose signatures count here. */
export function keysList(root: string | undefined): void {
  listKeys(homeOf(root));
}

function listKeys(home: Home): void {
  const { keys } = keyRingFile(home.etc.keyring).current();
  const rows = keys.map(({ role, principal, kid, revoked_at }) => [role, principal, kid, revoked_at ?? 'in force']);
  printTable(['role', 'principal', 'kid', 'state'], rows);
}

/** A key that was made anew would otherwise be nobody's. The entries that are there stay as they are. */
function addToRing(path: string, entries: readonly KeyRingEntry[]): void {
  const ring = existsSync(path) ? keyRingFile(path).current() : { version: 0, keys: [] };
  const fresh = entries.filter(({ kid }) => !ring.keys.some((key) => key.kid === kid));
  if (fresh.length === 0) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const next: KeyRing = { version: ring.version + 1, keys: [...ring.keys, ...fresh] };
  writeFileSync(path, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o644 });
}

async function ensureKey(path: string, role: Role, principal: string): Promise<RoleKey> {
  if (existsSync(path)) return readRoleKey(path);
  const pair = await generateKeyPair('Ed25519', { extractable: true });
  const { kty, crv, x, d } = await exportJWK(pair.privateKey);
  const kid = await keyId(PublicJwk.parse({ kty, crv, x }));
  const key = RoleKey.parse({ kty, crv, x, d, kid, role, principal });
  writeNew(path, `${JSON.stringify(key, null, 2)}\n`, 0o600);
  return key;
}

function writeNew(path: string, text: string, mode: number): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: mode === 0o600 ? 0o700 : 0o755 });
  writeFileSync(path, text, { mode, flag: 'wx' });
}

/** This machine's name as far as it can be a host's. Used once. */
function hostName(): string {
  const short = hostname().split('.')[0] ?? '';
  return (
    short
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]/g, '-')
      .replace(/^-+/, '')
      .slice(0, 63) || 'mini-1'
  );
}
