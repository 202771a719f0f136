import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { homeOf } from '../../src/config.ts';
import { KeyRing } from '../../src/contract/keyring.ts';
import type { Home } from '../../src/home.ts';
import { temporaryFolder } from '../services/support.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');

async function init(home: Home): Promise<KeyRing> {
  await execa(process.execPath, [CLI, '--home', home.root, 'keys', 'init', '--host', 'mini-1']);
  return KeyRing.parse(JSON.parse(readFileSync(home.etc.keyring, 'utf8')));
}

it('keys init makes a home with a private key for every role, and leaves it as it is the second time', async () => {
  const home = homeOf(join(temporaryFolder(), 'home'));
  const ring = await init(home);
  expect(ring.keys.map(({ role, principal }) => `${role} ${principal}`)).toEqual([
    'manager savorgManager',
    'plan-review savorgPlanReview',
    'security savorgSecurity',
    'operator operator@mini-1',
    'host mini-1',
  ]);
  for (const key of [join(home.keys, 'manager.jwk'), home.etc.operatorKey, home.var.hostKey]) {
    expect(statSync(key).mode & 0o777).toBe(0o600);
  }
  expect(statSync(home.etc.crons).mode & 0o777).toBe(0o755);
  expect(await init(home)).toEqual(ring);
});

it('keys init puts a key that it makes anew into the ring, and leaves the others there', async () => {
  const home = homeOf(join(temporaryFolder(), 'home'));
  const before = await init(home);
  rmSync(join(home.keys, 'security.jwk'));
  const after = await init(home);
  expect(after.version).toBe(before.version + 1);
  expect(after.keys.slice(0, -1)).toEqual(before.keys);
  const { kid } = JSON.parse(readFileSync(join(home.keys, 'security.jwk'), 'utf8'));
  expect(after.keys.at(-1)).toMatchObject({ kid, role: 'security', principal: 'savorgSecurity' });
});
