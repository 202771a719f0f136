import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { keyRingFile } from '../adapters/etc-files.ts';
import { homeOf } from '../config.ts';
import { ringEntry } from '../contract/keyring.ts';
import type { Role } from '../contract/names.ts';
import { OpsError } from '../errors.ts';
import type { Home } from '../home.ts';
import { addToRing, ensureKey, writeNew } from '../install/keys.ts';
import { hostNameFrom, STARTER_POLICY, starterConfig } from '../install/starter.ts';
import { keyPath } from './signing.ts';
import { print, printTable } from './terminal.ts';

/** `ops keys init`: makes a home for trying out, with a key for every role. What is there is kept. */
export async function keysInit(root: string | undefined, options: { host?: string }): Promise<void> {
  const home = homeOf(root);
  refuseInstalled(home);
  const host = hostNameFrom(options.host);
  const principals: [Role, string][] = [
    ['manager', 'savorgManager'],
    ['plan-review', 'savorgPlanReview'],
    ['security', 'savorgSecurity'],
    ['operator', `operator@${host}`],
    ['host', host],
  ];
  const keys = await Promise.all(
    principals.map(([role, principal]) => ensureKey(keyPath(home, role), role, principal)),
  );
  addToRing(home.etc.keyring, keys.map(ringEntry));
  writeNew(home.etc.ops, starterConfig(host), 0o644);
  writeNew(home.etc.policy, STARTER_POLICY, 0o644);
  mkdirSync(home.etc.crons, { recursive: true, mode: 0o755 });
  chmodSync(home.var.dir, 0o700);
  print(`${home.root} is ready. What may run here stands in ${home.etc.policy}; in a new home that is nothing.`);
  listKeys(home);
}

/** There, keys of other roles would be believed at once, and lie where Ops runs. */
function refuseInstalled({ root, var: { dir } }: Home): void {
  const owner = statSync(dir, { throwIfNoEntry: false });
  if (!owner || owner.uid === process.geteuid?.()) return;
  throw new OpsError(`${root} is an installed host: "ops keys init" makes a home for trying out`);
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
