import { join } from 'node:path';
import { visible } from '../../visible.ts';
import { sha256Of } from './digest.ts';
import { askGit, type GitPlace } from './git-program.ts';
import type { GitParts } from './mirror.ts';

const TIMEOUT_MS = 20_000;
/** More than anybody reads; the count says how many there are. */
const NAMED = 50;

/** A later fetch cuts the history of earlier ones off; the commits are still there. Where one is missing, git fails. */
const UNCUT = ['--shallow-file', '/dev/null'];

/** Two commits of a remote. */
interface Way {
  remote: string;
  from: string;
  to: string;
}

export interface History {
  /** `<7 digits> <subject>`, the newest first, at most 50; null where the mirror has not all that lies between. */
  commits: string[] | null;
  /** Null where the mirror does not have both commits. */
  files: { count: number; names: string[] } | null;
}

/** What the mirror of a remote knows of the way from one release to the next. Asks nobody else. */
export async function historyOf({ remote, from, to }: Way, { remotes, env }: GitParts): Promise<History> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const place: GitPlace = { folder: join(remotes, `${sha256Of(remote)}.git`), env, signal, protocol: null };
  const isWay = (await askGit(place, [...UNCUT, 'merge-base', '--is-ancestor', from, to])).ok;
  const log = [...UNCUT, 'log', `--max-count=${NAMED}`, '--format=%h %s', '--abbrev=7', `${from}..${to}`, '--'];
  const commits = isWay ? await linesOf(place, log) : null;
  const names = await linesOf(place, ['diff-tree', '-r', '--name-only', from, to, '--']);
  return { commits, files: names && { count: names.length, names: names.slice(0, NAMED) } };
}

async function linesOf(place: GitPlace, args: readonly string[]): Promise<string[] | null> {
  const { ok, stdout } = await askGit(place, args);
  return ok ? stdout.split('\n').filter(Boolean).map(visible) : null;
}
