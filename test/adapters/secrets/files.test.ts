import { chmodSync, chownSync, linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Encrypter } from 'age-encryption';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { ageSource } from '../../../src/adapters/secrets/age.ts';
import { envSource } from '../../../src/adapters/secrets/env.ts';
import { fileSource } from '../../../src/adapters/secrets/file.ts';
import { OpsError } from '../../../src/errors.ts';
import { describeAsRoot } from '../../doubles/as-root.ts';
import { temporaryFolder } from '../../services/support.ts';

const VALUE = 'hunter2-hunter2';
const { signal } = new AbortController();

const errorOf = (asked: Promise<string>): Promise<string> =>
  asked.then(
    () => 'no error',
    (error: unknown) => (error instanceof OpsError ? error.message : `no OpsError: ${String(error)}`),
  );

function secretsFolder(files: Record<string, string | Uint8Array> = {}) {
  const folder = join(temporaryFolder(), 'secrets');
  mkdirSync(folder, { mode: 0o750 });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o600 });
  return folder;
}

describe('a secret in a file', () => {
  it.each([
    ['as it is', VALUE, VALUE],
    ['without the newline at its end', `${VALUE}\n`, VALUE],
    ['with all newlines but the last', `one\n\ntwo\n\n`, 'one\n\ntwo\n'],
    ['with spaces and a byte order mark', `\uFEFF ${VALUE} `, `\uFEFF ${VALUE} `],
  ])('is read %s', async (_, content, value) => {
    expect(await fileSource(secretsFolder({ db: content }))('db', signal)).toBe(value);
  });

  it.each([0o600, 0o640, 0o400, 0o440])('may have the mode %o', async (mode) => {
    const folder = secretsFolder({ db: VALUE });
    chmodSync(join(folder, 'db'), mode);
    expect(await fileSource(folder)('db', signal)).toBe(VALUE);
  });

  it.each([
    [0o644, 'o='],
    [0o604, 'o='],
    [0o660, 'g-w,o='],
    [0o666, 'g-w,o='],
  ])('that is open to others (%o) is refused with what mends it', async (mode, remedy) => {
    const folder = secretsFolder({ db: VALUE });
    const path = join(folder, 'db');
    chmodSync(path, mode);
    expect(await errorOf(fileSource(folder)('db', signal))).toBe(
      `${path} is open to others: type chmod ${remedy} ${path}`,
    );
    await execa('chmod', [remedy, path]);
    expect(await fileSource(folder)('db', signal)).toBe(VALUE);
  });

  it('is refused where others can put another one in its place', async () => {
    const folder = secretsFolder({ db: VALUE });
    chmodSync(folder, 0o777);
    expect(await errorOf(fileSource(folder)('db', signal))).toBe(
      `${folder} is open to others: type chmod g-w,o= ${folder}`,
    );
  });

  it('that is missing, or whose folder is, is told with where to put it', async () => {
    const folder = secretsFolder();
    expect(await errorOf(fileSource(folder)('db', signal))).toContain(`${folder}/db is missing: put the secret there`);
    expect(await errorOf(fileSource(`${folder}/none`)('db', signal))).toContain('none/db is missing');
  });

  it('is no link, wherever that leads', async () => {
    const folder = secretsFolder({ real: VALUE });
    for (const target of ['real', '/etc/passwd', '/nowhere']) {
      symlinkSync(target, join(folder, `to${target.replaceAll('/', '-')}`));
      expect(await errorOf(fileSource(folder)(`to${target.replaceAll('/', '-')}`, signal))).toContain(
        'is a link: put the secret itself there',
      );
    }
  });

  it.each([
    ['a pipe', (path: string) => execa('mkfifo', ['-m', '600', path])],
    ['a folder', async (path: string) => mkdirSync(path, { mode: 0o700 })],
  ])('is not waited for where it is %s', async (_, make) => {
    const folder = secretsFolder();
    await make(join(folder, 'db'));
    expect(await errorOf(fileSource(folder)('db', signal))).toContain(
      'is no file: put the secret there as a regular one',
    );
  });

  it('that is huge is not read', async () => {
    const folder = secretsFolder({ db: '' });
    truncateSync(join(folder, 'db'), 8 * 1024 ** 3);
    expect(await errorOf(fileSource(folder)('db', signal))).toContain(
      'has 8589934592 bytes: keep only the secret itself there',
    );
  });

  it('that is no UTF-8 is refused, and not quoted', async () => {
    const folder = secretsFolder({ db: Buffer.concat([Buffer.from(VALUE), Buffer.from([0xff])]) });
    expect(await errorOf(fileSource(folder)('db', signal))).toBe(
      'the secret db is not UTF-8: keep it there as text, e.g. in base64',
    );
  });
});

describeAsRoot('a secret in a file', () => {
  it('that belongs to another user, who could change it, is refused', async () => {
    const folder = secretsFolder({ db: VALUE });
    chownSync(join(folder, 'db'), 12_345, 0);
    expect(await errorOf(fileSource(folder)('db', signal))).toBe(
      `${folder}/db belongs to another user, who can change it: type chown 0 ${folder}/db`,
    );
  });

  it('that is a second name of a file of another user is refused as that', async () => {
    const folder = secretsFolder();
    const theirs = join(temporaryFolder(), 'theirs');
    writeFileSync(theirs, VALUE, { mode: 0o600 });
    chownSync(theirs, 12_345, 0);
    linkSync(theirs, join(folder, 'db'));
    expect(await errorOf(fileSource(folder)('db', signal))).toContain('belongs to another user');
  });
});

async function ageFolder() {
  const folder = secretsFolder();
  const key = join(folder, 'age.key');
  await execa('age-keygen', ['-o', key]);
  const { stdout: recipient } = await execa('age-keygen', ['-y', key]);
  return { folder, key, recipient, source: ageSource(folder, key) };
}

describe('a secret that is encrypted', () => {
  it.each([
    ['bytes', []],
    ['armor', ['-a']],
  ])('by the program age, as %s, is read', async (_, flags) => {
    const { folder, recipient, source } = await ageFolder();
    await execa('age', [...flags, '-r', recipient, '-o', join(folder, 'db.age')], { input: `${VALUE}\n` });
    chmodSync(join(folder, 'db.age'), 0o640);
    expect(await source('db', signal)).toBe(VALUE);
  });

  it('by this library is read by the program age', async () => {
    const { folder, key, recipient } = await ageFolder();
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    writeFileSync(join(folder, 'db.age'), await encrypter.encrypt(VALUE));
    expect((await execa('age', ['-d', '-i', key, join(folder, 'db.age')])).stdout).toBe(VALUE);
  });

  it('to another identity, or that was cut, is told with the file and what to do', async () => {
    const { folder, key, source } = await ageFolder();
    const other = await ageFolder();
    await execa('age', ['-r', other.recipient, '-o', join(folder, 'other.age')], { input: VALUE });
    writeFileSync(join(folder, 'cut.age'), 'age-encryption.org/v1\n-> X25519 ');
    writeFileSync(join(folder, 'plain.age'), VALUE);
    for (const name of ['other', 'cut', 'plain']) {
      chmodSync(join(folder, `${name}.age`), 0o600);
      const message = await errorOf(source(name, signal));
      expect(message).toBe(
        `${folder}/${name}.age cannot be decrypted by ${key}: encrypt it to what age-keygen -y ${key} prints`,
      );
    }
  });

  it('needs an identity that nobody else can read', async () => {
    const { folder, key, recipient, source } = await ageFolder();
    await execa('age', ['-r', recipient, '-o', join(folder, 'db.age')], { input: VALUE });
    chmodSync(join(folder, 'db.age'), 0o600);
    chmodSync(key, 0o644);
    expect(await errorOf(source('db', signal))).toContain(`${key} is open to others`);
    writeFileSync(key, 'AGE-SECRET-KEY-NONE');
    chmodSync(key, 0o600);
    const message = await errorOf(source('db', signal));
    expect(message).toContain(`${key} holds no identity of age: make one by age-keygen -o ${key}`);
    expect(message).not.toContain('NONE');
  });
});

describe('a secret in the environment', () => {
  it('is one of those that the configuration lists, and no other', async () => {
    const source = envSource({ API_KEY: VALUE });
    expect(await source('API_KEY', signal)).toBe(VALUE);
    for (const name of ['PATH', 'constructor', '__proto__'])
      expect(await errorOf(source(name, signal))).toContain(
        `has no variable ${name} for tasks: list it under secret_environment`,
      );
  });
});
