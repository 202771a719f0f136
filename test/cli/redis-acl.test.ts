import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../services/support.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');
const NAMES = ['manager', 'plan-review', 'security', 'dashboard', 'daemon-mini-1'].map((role) => `savorg-${role}`);

/** `ops` in a home of its own. */
async function home() {
  const root = join(temporaryFolder(), 'home');
  const ops = (...args: string[]) => execa(process.execPath, [CLI, '--home', root, ...args]);
  await ops('keys', 'init', '--host', 'mini-1');
  return { root, ops };
}

it('ops redis acl prints a line for each user, and no password', async () => {
  const { ops } = await home();
  const { stdout, stderr } = await ops('redis', 'acl');
  expect(stdout.split('\n').map((line) => line.split(' ').slice(0, 4).join(' '))).toEqual(
    NAMES.map((name) => `user ${name} reset on`),
  );
  expect(stdout).not.toMatch(/[#>]|nopass/);
  expect(stderr).toBe('none of these users has a password: give a folder for them with --passwords');
});

it('with a folder it makes a password for each in a file of its own, once, and prints its digest', async () => {
  const { root, ops } = await home();
  const folder = join(root, 'secrets/redis');
  const { stdout, stderr } = await ops('redis', 'acl', '--passwords', folder);
  expect([stderr, statSync(folder).mode & 0o777]).toEqual(['', 0o700]);
  expect(readdirSync(folder).toSorted()).toEqual(NAMES.toSorted());
  const lines = stdout.split('\n');
  for (const [index, name] of NAMES.entries()) {
    const path = join(folder, name);
    const password = readFileSync(path, 'utf8').trim();
    expect([statSync(path).mode & 0o777, password.length]).toEqual([0o600, 43]);
    expect(lines[index]).toMatch(new RegExp(`^user ${name} reset on #${hash('sha256', password)} resetchannels ~`));
    expect(stdout).not.toContain(password);
  }
  expect((await ops('redis', 'acl', '--passwords', folder)).stdout).toBe(stdout);
  expect(existsSync(join(root, 'var/run'))).toBe(false);
});
