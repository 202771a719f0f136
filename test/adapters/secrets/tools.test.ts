import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { secretSources } from '../../../src/adapters/secrets/index.ts';
import { keychainSource } from '../../../src/adapters/secrets/keychain.ts';
import { ask } from '../../../src/adapters/secrets/tool.ts';
import { OpsError } from '../../../src/errors.ts';
import { homeAt } from '../../../src/home.ts';
import { Redactor } from '../../../src/secret.ts';
import { secretTools } from '../../doubles/secret-tools.ts';
import { temporaryFolder } from '../../services/support.ts';

const VALUE = 'hunter2-hunter2';
const { signal } = new AbortController();

afterEach(() => vi.unstubAllEnvs());

const errorOf = (asked: Promise<string>): Promise<string> =>
  asked.then(
    () => 'no error',
    (error: unknown) => (error instanceof OpsError ? error.message : `no OpsError: ${String(error)}`),
  );

describe('the keychain', () => {
  const keychain = { 'db/ops': VALUE, 'db/locked': 36, 'db/denied': 51, 'db/odd': 70 };
  const source = () => keychainSource(secretTools(temporaryFolder(), { keychain }).security);

  it('has a generic password of the System keychain', async () => {
    expect(await source()('db/ops', signal)).toBe(VALUE);
  });

  it.each([
    ['db/none', 'knows no db/none in /Library/Keychains/System.keychain: store it there'],
    ['db/locked', 'may not show db/locked without asking somebody: store it again with -T /usr/bin/security'],
    ['db/denied', 'is not allowed to read db/denied: store it again with -T /usr/bin/security'],
    ['db/odd', "ended with 70: try it by hand, as the daemon's user"],
  ])('says what to do about %s', async (name, text) => {
    const message = await errorOf(source()(name, signal));
    expect(message).toContain(text);
    expect(message).not.toContain('it-may-quote-the-value');
  });

  it('is told where this is no Mac', async () => {
    const none = join(temporaryFolder(), 'security');
    expect(await errorOf(keychainSource(none)('db/ops', signal))).toBe(`there is no program ${none} on this host`);
  });
});

describe('1Password', () => {
  const op = { 'ops/db/password': VALUE, 'ops/db/section/password': 'x' };
  /** The sources of a home, whose daemon has this token in its environment. */
  const sourceOf = (opToken: string | null, files: Record<string, string> = {}) => {
    const home = homeAt(temporaryFolder());
    mkdirSync(home.etc.secrets, { recursive: true });
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(home.etc.secrets, name), text, { mode: 0o600 });
    secretTools(temporaryFolder(), { op, token: 'ops-token' });
    const known = new Redactor();
    return { source: secretSources({ home, secretEnv: {}, opToken }, known).op, known };
  };
  const source = (token: string) => sourceOf(token).source;

  it('has a field, for the service account of the daemon, and no cache', async () => {
    expect(await source('ops-token')('ops/db/password', signal)).toBe(VALUE);
  });

  it.each([
    ['ops/db/none', 'op finds no op://ops/db/none: look at its vault, item and field'],
    ['ops/none/password', 'op finds no op://ops/none/password: look at its vault, item and field'],
    ['none/db/password', 'op finds no op://none/db/password: look at its vault, item and field'],
  ])('says what to do about %s', async (name, text) => {
    expect(await errorOf(source('ops-token')(name, signal))).toContain(text);
  });

  it('takes its token from a file where the environment has none, and masks it from then on', async () => {
    const { source: byFile, known } = sourceOf(null, { 'op-token': 'ops-token\n' });
    expect(await byFile('ops/db/password', signal)).toBe(VALUE);
    expect(known.redact('ops-token')).toBe('[secret]');
  });

  it('says what to look at where it is not let in, or has no token', async () => {
    expect(await errorOf(source('another')('ops/db/password', signal))).toBe(
      'op is not let in: look at the token of its service account',
    );
    expect(await errorOf(sourceOf(null).source('ops/db/password', signal))).toContain(
      'etc/secrets/op-token is missing: put the secret there',
    );
  });
});

const program = (text: string) => {
  const path = join(temporaryFolder(), 'tool');
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return path;
};

const asking = (over: AbortSignal = signal) => ({ signal: over, remedy: () => undefined });

describe('a program that keeps secrets', () => {
  it.each([
    ['a failure', `echo ${VALUE}; echo ${VALUE} >&2; exit 3`, "ended with 3: try it by hand, as the daemon's user"],
    ['a flood', `yes ${VALUE}`, "was ended: try it by hand, as the daemon's user"],
    ['its death', `echo ${VALUE}; kill -9 $$`, "was ended: try it by hand, as the daemon's user"],
  ])('says nothing of what it printed on %s', async (_, text, said) => {
    const path = program(text);
    expect(await errorOf(ask([path], asking()))).toBe(`${path} ${said}`);
  });

  it('is not waited for when the task ends, whoever holds its output', async () => {
    const controller = new AbortController();
    const path = program('sleep 30 & echo $! >"$0.pid"; wait');
    const asked = errorOf(ask([path], asking(controller.signal)));
    const pid = await vi.waitFor(
      () => Number(readFileSync(`${path}.pid`, 'utf8').trim()) || Promise.reject(new Error('not yet')),
    );
    controller.abort();
    expect(await asked).toContain('gave no answer before its time was over');
    process.kill(pid);
  });
});
