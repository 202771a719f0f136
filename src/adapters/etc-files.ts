import { hash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { Policy } from '../admission/policy.ts';
import { digestOf } from '../contract/digest.ts';
import { KeyRing, RoleKey } from '../contract/keyring.ts';
import { coerceError, OpsError } from '../errors.ts';
import { AppsFile } from '../planning/app.ts';
import { readRegularFile } from './regular-file.ts';

/** A file of `etc/`, read again whenever it changes. */
export interface EtcFile<T> {
  /** @throws OpsError that says what to mend. */
  current(): T;
  /** Of what was read last and could be used: a bad edit must not keep a report from being written. */
  digest(): string;
}

export const policyFile = (path: string): EtcFile<Policy> => etcFile(path, (text) => Policy.parse(parseYaml(text)));

/** Where there is no such file, there are no apps. */
export const appsFile = (path: string): EtcFile<AppsFile> => {
  const file = etcFile(path, (text) => AppsFile.parse(parseYaml(text)));
  return { ...file, current: () => (existsSync(path) ? file.current() : { apps: {} }) };
};

export const keyRingFile = (path: string): EtcFile<KeyRing> =>
  etcFile(path, (text) => withThumbprints(KeyRing.parse(JSON.parse(text))));

function etcFile<T>(path: string, parse: (text: string) => T): EtcFile<T> {
  let seen: { stamp: string; value: T; digest: string } | undefined;
  const read = () => {
    const stamp = stampOf(path);
    if (seen?.stamp !== stamp) {
      const value = load(path, parse);
      seen = { stamp, value, digest: digestOf(value) };
    }
    return seen;
  };
  return { current: () => read().value, digest: () => (seen ?? read()).digest };
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new OpsError(`${path} is missing: run "ops keys init"`);
  return `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}

function load<T>(path: string, parse: (text: string) => T): T {
  try {
    return parse(readRegularFile(path));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : coerceError(error).message;
    throw new OpsError(`${path} cannot be used:\n${why}`, { cause: error });
  }
}

/** Each key's id must be its RFC 7638 thumbprint, and stand once: otherwise a token could name one key and mean another. */
function withThumbprints(ring: KeyRing): KeyRing {
  for (const { kid, jwk, principal } of ring.keys) {
    const { crv, kty, x } = jwk;
    if (hash('sha256', JSON.stringify({ crv, kty, x }), 'base64url') !== kid) {
      throw new OpsError(`the kid ${kid} (${principal}) is not its key's thumbprint`);
    }
  }
  const kids = new Set(ring.keys.map(({ kid }) => kid));
  if (kids.size === ring.keys.length) return ring;
  throw new OpsError('it names a key twice: a key has one role and one principal');
}

/** Reads a private role key, and refuses one that others can read. */
export function readRoleKey(path: string): RoleKey {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new OpsError(`there is no key ${path}: run "ops keys init", or name another file with --key`);
  if ((stat.mode & 0o077) !== 0) throw new OpsError(`the key ${path} can be read by others: chmod 600 ${path}`);
  return load(path, (text) => RoleKey.parse(withoutQuoting(text)));
}

/** JSON.parse quotes what it cannot read; a key must not stand in an error. */
function withoutQuoting(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new OpsError('it is no JSON');
  }
}
