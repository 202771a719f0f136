import { chmodSync, chownSync, lchownSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OpsError } from '../src/errors.ts';
import { passwordIn } from '../src/password.ts';
import { describeAsRoot } from './doubles/as-root.ts';
import { temporaryFolder } from './services/support.ts';

const file = () => join(temporaryFolder(), 'password');

it('is made the first time, for its owner alone, and stays', () => {
  const path = file();
  const password = passwordIn(path);
  expect(Buffer.from(password, 'base64url')).toHaveLength(32);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toBe(`${password}\n`);
  expect(passwordIn(path)).toBe(password);
  expect(passwordIn(file())).not.toBe(password);
});

it.each([0o640, 0o604, 0o666])('is refused where others can read it: %o', (mode) => {
  const path = file();
  passwordIn(path);
  chmodSync(path, mode);
  expect(() => passwordIn(path)).toThrow(OpsError);
  expect(() => passwordIn(path)).toThrow(`${path} can be read by others: remove it`);
});

it.each(['', 'short\n'])('is refused where it is cut off: %j', (text) => {
  const path = file();
  writeFileSync(path, text, { mode: 0o600 });
  expect(() => passwordIn(path)).toThrow(`${path} is cut off: remove it`);
});

describeAsRoot('one that somebody else put there', () => {
  it.each(['a file of his', 'a link to it'])('T29: is refused, for he knows it: %s', (what) => {
    const [path, his] = [file(), file()];
    const theirs = what === 'a link to it' ? his : path;
    passwordIn(theirs);
    chownSync(theirs, 4711, 4711);
    if (theirs === his) {
      symlinkSync(his, path);
      lchownSync(path, 4711, 4711);
    }
    expect(() => passwordIn(path)).toThrow(`${path} belongs to another user: remove it`);
  });
});

it('says so where it cannot be written', () => {
  expect(() => passwordIn(join(file(), 'no-folder'))).toThrow(/^cannot write a password: ENOENT/);
});
