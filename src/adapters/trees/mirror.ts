import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OpsError, UnknownCommitError } from '../../errors.ts';
import { syncDirectory } from '../atomic-write.ts';
import { sha256Of } from './digest.ts';
import { askGit, type GitPlace, insistOnGit, saidBy } from './git-program.ts';
import { protocolOf } from './remote.ts';
import { removeTree } from './seal.ts';

export interface GitParts {
  /** Where the mirrors of remotes lie. */
  remotes: string;
  /** The daemon's, for git and for ssh. */
  env: Readonly<Record<string, string>>;
}

interface Wanted {
  remote: string;
  /** 40 hex digits. */
  commit: string;
}

/** How far back the commits before one are fetched with it: to be told what came since the last release. */
const COMMITS_BACK = 100;
/** Each fetch makes a pack, and git looks into all of them. */
const MOST_PACKS = 20;

/** Git keeps others out of a repository by failing them: one fetch at a time for each mirror. */
const turns = new Map<string, Promise<unknown>>();

/**
 * The mirror of a remote that has this commit, with all of its files. Nothing is asked of the remote where it is there.
 * @throws OpsError where it cannot be had; UnknownCommitError where the remote has no such commit.
 */
export async function mirrorWith(wanted: Wanted, { remotes, env }: GitParts, signal: AbortSignal): Promise<GitPlace> {
  if (!/^[0-9a-f]{40}$/.test(wanted.commit)) throw new OpsError('a commit is named by all of its 40 digits');
  const protocol = protocolOf(wanted.remote);
  const folder = join(remotes, `${sha256Of(wanted.remote)}.git`);
  const place = { folder, env, signal, protocol: null };
  await inTurn(folder, async () => {
    let type = await typeOf(refOf(wanted), place);
    if (type === null) {
      await makeMirror(place);
      await fetchCommit(wanted, { ...place, protocol });
      await gatherPacks(place);
      type = await typeOf(refOf(wanted), place);
    }
    if (type !== 'commit')
      throw new UnknownCommitError(`${wanted.commit} of ${wanted.remote} is a ${type}, and no commit`);
  });
  return place;
}

function inTurn(folder: string, act: () => Promise<void>): Promise<void> {
  const turn = (turns.get(folder) ?? Promise.resolve()).then(act);
  turns.set(
    folder,
    turn.catch(() => {}),
  );
  return turn;
}

/** A commit is reckoned as fetched by its ref: git writes that when all that belongs to it is there. */
const refOf = ({ commit }: Wanted): string => `refs/ops/${commit}`;

async function typeOf(name: string, place: GitPlace): Promise<string | null> {
  const { ok, stdout } = await askGit(place, ['cat-file', '-t', name]);
  return ok ? stdout.trim() : null;
}

/** Whole or not at all. */
async function makeMirror(place: GitPlace): Promise<void> {
  const { ok } = await askGit(place, ['rev-parse', '--git-dir']);
  if (ok) return;
  const folder = `${place.folder}.new`;
  await removeTree(folder);
  await removeTree(place.folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await insistOnGit({ ...place, folder }, ['init', '--bare', '--quiet', '--template=', '--initial-branch=main']);
  await chmod(folder, 0o700);
  await rename(folder, place.folder);
  await syncDirectory(join(place.folder, '..'));
}

async function fetchCommit(wanted: Wanted, place: GitPlace): Promise<void> {
  const { remote, commit } = wanted;
  const { ok, stderr } = await fetchFrom(remote, place, [`--depth=${COMMITS_BACK}`], [`${commit}:${refOf(wanted)}`]);
  if (ok) return;
  const refused = /unadvertised object|not our ref/i.test(stderr);
  if (!refused) throw new OpsError(`${remote} cannot be fetched from: ${saidBy({ stderr })}`);
  // An older server gives what its branches and tags lead to only.
  const all = await fetchFrom(
    remote,
    place,
    [],
    ['+refs/heads/*:refs/remote/heads/*', '+refs/tags/*:refs/remote/tags/*'],
  );
  if (!all.ok) throw new OpsError(`${remote} cannot be fetched from: ${saidBy(all)}`);
  if ((await typeOf(commit, place)) === null)
    throw new UnknownCommitError(`${remote} has no commit ${commit}: push it there, or name another one`);
  await insistOnGit(place, ['update-ref', refOf(wanted), commit]);
}

/** Loses nothing: what reads meanwhile finds in the new packs what was in the old ones. */
async function gatherPacks(place: GitPlace): Promise<void> {
  const names = await readdir(join(place.folder, 'objects/pack'));
  if (names.filter((name) => name.endsWith('.pack')).length <= MOST_PACKS) return;
  await insistOnGit(place, ['repack', '--geometric=2', '-d', '--quiet']);
}

async function fetchFrom(remote: string, place: GitPlace, options: readonly string[], refs: readonly string[]) {
  // A crash may have left it; there is no other fetch now.
  await rm(join(place.folder, 'shallow.lock'), { force: true });
  const usual = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--no-recurse-submodules'];
  return askGit(place, ['fetch', ...usual, ...options, '--', remote, ...refs]);
}
