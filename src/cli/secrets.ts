import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readRegularFile } from '../adapters/regular-file.ts';
import { problemOf, storedSecrets } from '../adapters/secrets/stored.ts';
import { homeOf } from '../config.ts';
import { coerceError, OpsError } from '../errors.ts';
import type { Home } from '../home.ts';
import { layoutOf } from '../install/layout.ts';
import { plainSecretsIn } from '../planning/plain-secrets.ts';
import { becomeOwner } from './become.ts';
import { print, printData, printTable } from './terminal.ts';

/** What is wrong with a file of settings. */
interface Finding {
  path: string;
  line: number | null;
  problem: string;
}

export interface SecretsOptions {
  json?: boolean;
  launchDaemons: string;
}

/** `ops secrets list`: the files in `etc/secrets`, how a task names each, and whether the daemon can fetch it. */
export function secretsList(root: string | undefined, options: { json?: boolean }): void {
  const home = homeOf(root);
  becomeOwner(home);
  const stored = storedSecrets(home.etc.secrets);
  if (options.json) return printData(stored, options);
  if (stored.length === 0) return print(`there are none in ${home.etc.secrets}`);
  printTable(
    ['reference', 'state'],
    stored.map(({ ref, problem }) => [ref, problem ?? 'can be fetched']),
  );
}

/**
 * `ops secrets check`: looks for secrets where settings are, and at who can read those that are where they belong.
 * @throws OpsError where something is to be done.
 */
export function secretsCheck(root: string | undefined, options: SecretsOptions): void {
  const home = homeOf(root);
  const findings = settingsOf(home, options.launchDaemons).flatMap(inSettings);
  becomeOwner(home);
  findings.push(...looseFiles(home));
  if (options.json) printData(findings, options);
  else for (const { path, line, problem } of findings) print(line === null ? problem : `${path}:${line}: ${problem}`);
  if (findings.length > 0) throw new OpsError(`${findings.length} to mend: docs/secrets.md says where secrets belong`);
  if (!options.json) print('no secret stands where others read it');
}

const SETTINGS = /\.(?:ya?ml|json|jsonc|toml|ini|env|conf)$/;
const PROCESS_FILE = /^ecosystem\.config\.\w+$/;

/** Everything that says how Ops runs here. What there is to be kept secret lies in files of its own. */
function settingsOf(home: Home, launchDaemons: string): string[] {
  const { plist } = layoutOf({ root: home.root, launchDaemons, bin: '' });
  const here = join(import.meta.dirname, '../..');
  return [
    ...filesIn(home.etc.dir, SETTINGS),
    ...filesIn(home.etc.crons, SETTINGS),
    ...Object.values(plist).filter((path) => statSync(path, { throwIfNoEntry: false })),
    ...new Set([home.root, here, process.cwd()].flatMap((folder) => filesIn(folder, PROCESS_FILE))),
  ];
}

function filesIn(folder: string, named: RegExp): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  const names = readdirSync(folder).filter((name) => named.test(name));
  return names.map((name) => join(folder, name));
}

function inSettings(path: string): Finding[] {
  try {
    return plainSecretsIn(readRegularFile(path), /\.(?:ya?ml|json)$/.test(path)).map(({ line, what }) => ({
      path,
      line,
      problem: `${what}: move it to etc/secrets and name it by a reference (the URL of Redis: to etc/redis-url), and change it`,
    }));
  } catch (error) {
    return [{ path, line: null, problem: `${path} cannot be looked through: ${coerceError(error).message}` }];
  }
}

/** Secrets where they belong, that others can read all the same. */
function looseFiles({ etc, var: own }: Home): Finding[] {
  const files = [etc.redisUrl, own.ageKey].filter((path) => statSync(path, { throwIfNoEntry: false }));
  const loose = files.map((path) => ({ path, problem: problemOf(path) }));
  const stored = storedSecrets(etc.secrets).map(({ ref, problem }) => ({
    path: etc.secrets,
    problem: problem && `${ref}: ${problem}`,
  }));
  return [...loose, ...stored].flatMap(({ path, problem }) =>
    problem === null ? [] : [{ path, line: null, problem }],
  );
}
