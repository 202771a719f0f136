import { hash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { treesWith } from '../../../src/adapters/trees/index.ts';
import type { TreeSource } from '../../../src/planning/release.ts';
import type { TreeWish } from '../../../src/services/host.ts';
import { temporaryFolder } from '../../services/support.ts';

/** What git finds in the environment of the daemon. */
export const gitEnv = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' };

export type Files = Readonly<Record<string, string | Buffer | { run: string } | { link: string }>>;

/** A folder with an app's root in it, places for sources, and the trees under test. */
export class Ground {
  readonly folder = temporaryFolder();
  readonly root = join(this.folder, 'app');
  readonly sources = join(this.folder, 'sources');
  readonly remotes = join(this.folder, 'remotes');
  readonly trees = treesWith({ remotes: this.remotes, env: gitEnv });
  #releases = 0;

  static async make(): Promise<Ground> {
    const ground = new Ground();
    // Sealed directories are not removed by everybody.
    onTestFinished(async () => void (await execa('chmod', ['-R', 'u+rwX', ground.folder])));
    await mkdir(ground.root);
    await mkdir(ground.sources);
    return ground;
  }

  /** Of a release that is not there yet. */
  nextPath(root = this.root): string {
    this.#releases += 1;
    return join(root, `releases/20261123T1940${String(this.#releases).padStart(2, '0')}Z-4f9c12ab`);
  }

  /** The path of the release that was made of it. */
  async make(source: TreeSource, wish: Partial<TreeWish> = {}, path = this.nextPath()): Promise<string> {
    await this.trees.make(path, { source, digest: null, like: null, signal: new AbortController().signal, ...wish });
    return path;
  }

  async archive(content: Buffer, ending = '.tar'): Promise<TreeSource> {
    const sha256 = hash('sha256', content);
    await writeFile(join(this.sources, `${sha256}${ending}`), content);
    return { type: 'archive', folder: this.sources, sha256 };
  }

  async digestAt(path: string): Promise<string> {
    const fact = await this.trees.fact(path);
    if (!fact.exists) throw new Error(`there is nothing at ${path}`);
    return fact.digest;
  }
}

/** A repository with a commit of these files. */
export class Repository {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get remote(): string {
    return `file://${this.folder}`;
  }

  static async make(folder: string): Promise<Repository> {
    await execa('git', ['init', '--quiet', '--initial-branch=main', folder]);
    return new Repository(folder);
  }

  async git(...args: string[]): Promise<string> {
    const who = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b' };
    const { stdout } = await execa('git', args, { cwd: this.folder, env: who });
    return stdout;
  }

  /** Returns its id. */
  async commit(files: Files): Promise<string> {
    await lay(this.folder, files);
    await this.git('add', '--all', '--force');
    await this.git('commit', '--quiet', '--allow-empty', '--message', 'a');
    return this.git('rev-parse', 'HEAD');
  }
}

export async function lay(folder: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    if (typeof content === 'string' || Buffer.isBuffer(content)) await writeFile(path, content);
    else if ('link' in content) await symlink(content.link, path);
    else await writeFile(path, content.run, { mode: 0o755 });
  }
}

/** All that is there, by path: its kind, mode, and content or target. */
export async function listing(folder: string, below = ''): Promise<Record<string, string>> {
  const names = await readdir(join(folder, below));
  const parts = await Promise.all(names.map((name) => listed(folder, join(below, name))));
  return Object.assign({}, ...parts);
}

async function listed(folder: string, path: string): Promise<Record<string, string>> {
  const stat = await lstat(join(folder, path));
  const mode = (stat.mode & 0o7777).toString(8);
  if (stat.isSymbolicLink()) return { [path]: `link ${await readlink(join(folder, path))}` };
  if (stat.isDirectory()) return { [path]: `directory ${mode}`, ...(await listing(folder, path)) };
  if (!stat.isFile()) return { [path]: 'something else' };
  return { [path]: `file ${mode} ${hash('sha256', await readFile(join(folder, path)))}` };
}
