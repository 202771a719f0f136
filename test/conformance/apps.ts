import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { appsFile } from '../../src/adapters/etc-files.ts';
import type { Home } from '../../src/home.ts';
import type { Place } from './trial.ts';

const ENVIRONMENTS = ['staging', 'production'] as const;
type Environment = (typeof ENVIRONMENTS)[number];

/** The same author and time make the same commits everywhere. */
const GIT = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_AUTHOR_DATE: '2026-11-23T12:00:00Z',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.com',
  GIT_COMMITTER_DATE: '2026-11-23T12:00:00Z',
};

const remoteOf = ({ home }: Pick<Place, 'home'>): string => join(home.root, 'web.git');

function git(place: Pick<Place, 'home'>, ...args: string[]): string {
  const env = { ...GIT, PATH: process.env['PATH'] ?? '' };
  return execFileSync('git', ['-C', remoteOf(place), ...args], { env, encoding: 'utf8' }).trim();
}

/** Declares the app of the examples, made of a repository with so many commits. Returns these. */
export function declareWeb(place: Place, count: number): string[] {
  mkdirSync(remoteOf(place), { recursive: true });
  git(place, 'init', '-q');
  const commits = Array.from({ length: count }, (_, version) => {
    writeFileSync(join(remoteOf(place), 'VERSION'), `${version}\n`);
    git(place, 'add', '.');
    git(place, 'commit', '-qm', `version ${version}`);
    return git(place, 'rev-parse', 'HEAD');
  });
  writeFileSync(place.home.etc.apps, stringify({ apps: { web: webIn(place) } }));
  return commits;
}

function webIn(place: Place) {
  const placeOf = (environment: Environment) => {
    const root = join(place.folder, environment);
    mkdirSync(root);
    const path = join(root, 'current/VERSION');
    return { root, checks: [{ type: 'file', service: 'web', path }], watch: { for_ms: 0 } };
  };
  const environments = Object.fromEntries(ENVIRONMENTS.map((name) => [name, placeOf(name)]));
  return { source: { type: 'git', remote: `file://${remoteOf(place)}` }, keep: 2, environments };
}

/** Has them run there, one after the other. */
export async function deployed(place: Place, environment: Environment, commits: readonly string[]): Promise<void> {
  for (const commit of commits)
    await place.perform({ action: 'deploy.release', with: { app: 'web', environment, commit } });
}

/** The last commit in the place of the example's. */
export const asLastCommit = (place: Place) => [['0a'.repeat(20), git(place, 'rev-parse', 'HEAD')]] as const;

/** What the ledger says of releases, without times. */
export const releasesOf = async ({ ledger }: Place): Promise<string[]> =>
  ledger.releases().map(({ environment, version, state }) => `${environment} ${version} ${state}`);

/** Where an operator lets an app's tasks write. */
export function rootsOf(home: Home): string[] {
  const { apps } = appsFile(home.etc.apps).current();
  return Object.values(apps).flatMap(({ environments }) =>
    Object.values(environments).flatMap((each) => (each ? [each.root] : [])),
  );
}
