import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appsFile, keyRingFile, policyFile, readRoleKey } from '../../src/adapters/etc-files.ts';
import { digestOf } from '../../src/contract/digest.ts';
import { type KeyRing, ringEntry } from '../../src/contract/keyring.ts';
import { OpsError } from '../../src/errors.ts';
import { POLICY, roleKey, temporaryFolder, testRing } from '../services/support.ts';
import { EXAMPLES } from '../support/stock.ts';

function file(name: string, text?: string) {
  const path = join(temporaryFolder(), name);
  const write = (content: string) => writeFileSync(path, content);
  if (text !== undefined) write(text);
  /** As editors do: a new file in the place of the old one. */
  const replace = (content: string) => {
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
  };
  return { path, write, replace };
}

const lines = (host: string) =>
  ['allow:', '  - actions: [config.file]', '    environments: [staging]', `    hosts: [${host}]`].join('\n');

/** The error, which must be one that a person can mend. */
function errorOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof OpsError) return error.message;
    throw error;
  }
  throw new Error('expected an error');
}

describe('a file of etc', () => {
  it('is read again when it changes, and so is its digest', () => {
    const { path, replace, write } = file('policy.yaml', lines('mini-1'));
    const policy = policyFile(path);
    const first = policy.digest();
    expect(policy.current().allow[0]?.hosts).toEqual(['mini-1']);
    expect(first).toBe(digestOf(policy.current()));
    replace(lines('mini-2'));
    expect(policy.current().allow[0]?.hosts).toEqual(['mini-2']);
    expect(policy.digest()).not.toBe(first);
    write(`${lines('mini-3')}\n`);
    expect(policy.current().allow[0]?.hosts).toEqual(['mini-3']);
  });

  it('is not read again where nothing changed', () => {
    const policy = policyFile(file('policy.yaml', lines('mini-1')).path);
    expect(policy.current()).toBe(policy.current());
  });

  it('has the same digest however it is written', () => {
    const block = policyFile(file('policy.yaml', `# comment\n${lines('mini-1')}\n`).path);
    const flow = policyFile(
      file('policy.yaml', '{"allow":[{"hosts":["mini-1"],"actions":["config.file"],"environments":["staging"]}]}').path,
    );
    expect(block.digest()).toBe(flow.digest());
  });

  it.each([
    ['bad YAML', 'allow: [', /policy.yaml cannot be used:\n/],
    ['an unknown key', 'allow: []\nallowed: []', /Unrecognized key: "allowed"/],
    ['a wrong value', lines('Mini 1'), /expected \[a-z0-9\].*\n.*allow\[0\]\.hosts\[0\]/],
    ['nothing', '', /cannot be used/],
  ])('that holds %s says what to mend', (_, text, message) => {
    const policy = policyFile(file('policy.yaml', text).path);
    expect(errorOf(() => policy.current())).toMatch(message);
  });

  it('is never used in its old form once it is broken, and is used again when it is mended', () => {
    const { path, replace } = file('policy.yaml', lines('mini-1'));
    const policy = policyFile(path);
    policy.current();
    const digest = policy.digest();
    replace('allow: [');
    errorOf(() => policy.current());
    // A report that says by what it was judged can be written all the same.
    expect(policy.digest()).toBe(digest);
    replace(lines('mini-2'));
    expect(policy.current().allow[0]?.hosts).toEqual(['mini-2']);
    rmSync(path);
    expect(errorOf(() => policy.current())).toMatch(/is missing: run "ops keys init"/);
  });

  it('that is a key ring must be JSON', async () => {
    const { path, replace } = file('keyring.json', JSON.stringify(await testRing()));
    expect(keyRingFile(path).current().keys).toHaveLength(5);
    replace('{ "version": 1, ');
    expect(errorOf(() => keyRingFile(path).current())).toMatch(/keyring.json cannot be used:\n.*JSON/);
    replace(JSON.stringify({ ...(await testRing()), more: 1 }));
    expect(errorOf(() => keyRingFile(path).current())).toMatch(/Unrecognized key: "more"/);
  });

  it('allows nothing where it lists nothing', () => {
    expect(policyFile(file('policy.yaml', 'allow: []').path).current()).toEqual({ allow: [] });
    expect(POLICY.allow).toHaveLength(1);
  });
});

const read = (ring: KeyRing) => keyRingFile(file('keyring.json', JSON.stringify(ring)).path).current();

describe('thumbprints', () => {
  it('of a good ring are right', async () => {
    const ring = await testRing();
    expect(read(ring)).toEqual(ring);
  });

  it('that belong to another key are refused by name', async () => {
    const [mine, other] = [ringEntry(await roleKey('manager', 'alice')), ringEntry(await roleKey('manager', 'bob'))];
    const wrong = { version: 1, keys: [{ ...mine, kid: other.kid }] };
    expect(errorOf(() => read(wrong))).toContain(`the kid ${other.kid} (alice) is not its key's thumbprint`);
  });

  it('that appear twice are refused: a key has one role', async () => {
    const entry = ringEntry(await roleKey('manager', 'alice'));
    const twice: KeyRing = { version: 1, keys: [entry, { ...entry, role: 'security' }] };
    expect(errorOf(() => read(twice))).toContain('names a key twice');
  });

  it('are looked at again when the file changes', async () => {
    const [mine, other] = [ringEntry(await roleKey('manager', 'alice')), ringEntry(await roleKey('manager', 'bob'))];
    const { path, replace } = file('keyring.json', JSON.stringify({ version: 1, keys: [mine] }));
    const ring = keyRingFile(path);
    ring.current();
    replace(JSON.stringify({ version: 2, keys: [{ ...mine, kid: other.kid }] }));
    expect(errorOf(() => ring.current())).toContain('thumbprint');
  });
});

describe('a private key', () => {
  it('is read where nobody else can read it', async () => {
    const key = await roleKey('host', 'mini-1');
    const { path } = file('host.key', JSON.stringify(key));
    for (const mode of [0o644, 0o640, 0o604, 0o660]) {
      chmodSync(path, mode);
      expect(errorOf(() => readRoleKey(path))).toBe(`the key ${path} can be read by others: chmod 600 ${path}`);
    }
    for (const mode of [0o600, 0o400]) {
      chmodSync(path, mode);
      expect(readRoleKey(path)).toEqual(key);
    }
  });

  it('that is missing or no key says what to do, and nothing of its content', () => {
    const { path } = file('none.key');
    expect(errorOf(() => readRoleKey(path))).toMatch(/there is no key .*: run "ops keys init"/);
    const broken = file('broken.key', '{"d":"private-part"}');
    chmodSync(broken.path, 0o600);
    const message = errorOf(() => readRoleKey(broken.path));
    expect(message).toMatch(/broken.key cannot be used/);
    expect(message).not.toContain('private-part');
  });

  it('that is no JSON is not quoted by its error', () => {
    const { path } = file('broken.key', 'private-part-of-a-key');
    chmodSync(path, 0o600);
    expect(errorOf(() => readRoleKey(path))).not.toContain('private-p');
  });
});

describe('apps.yaml', () => {
  const EXAMPLE = readFileSync(join(EXAMPLES, 'apps.yaml'), 'utf8');
  const without = (from: string, to = '') => {
    expect(EXAMPLE).toContain(from);
    return EXAMPLE.replace(from, to);
  };

  it('may be missing: then there are no apps, until it comes, and when it goes', () => {
    const { path, write } = file('apps.yaml');
    const apps = appsFile(path);
    expect(apps.current()).toEqual({ apps: {} });
    write(EXAMPLE);
    expect(Object.keys(apps.current().apps)).toEqual(['web', 'report']);
    rmSync(path);
    expect(apps.current()).toEqual({ apps: {} });
  });

  it.each([
    ['is empty', '', /expected object/],
    ['is damaged', 'apps: [', /apps.yaml cannot be used:\n/],
    ['has an unknown key', without('    keep: 5', '    keeps: 5'), /Unrecognized key: "keeps"/],
    ['names an app that cannot be', without('  web:', '  Web:'), /Invalid key in record\n.*apps.Web/],
    ['fetches from an option', without('https://git.example.com', 'ext::sh -c'), /expected https:/],
    ['shares what is outside', without('[data, .env]', '[data, ../.env]'), /expected a relative path without/],
    ['shares a line more', without('[data, .env]', '["data\\n/../x"]'), /expected a relative path without/],
    ['shares a path in another', without('[data, .env]', '[data, data/x]'), /none in another one/],
    ['has a migration without undo', without('        undo: [node, migrate.js, down]\n'), /expected either undo/],
    ['freezes backward', without('to: "2027', 'to: "2025'), /expected a time after from/],
    [
      'has a root in a root',
      without('example/web-staging', 'example/web/staging'),
      /web\/staging and web\/production have roots/,
    ],
    ['has one service twice', without('name: web-staging }', 'name: web-a }'), /have one service, pm2\/web-a/],
    ['keeps too few', without('keep: 5', 'keep: 1'), />=2/],
  ])('that %s says what to mend', (_, text, message) => {
    const apps = appsFile(file('apps.yaml', text).path);
    expect(errorOf(() => apps.current())).toMatch(message);
  });
});
