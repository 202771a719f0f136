/** What the tree of a release costs: `node bench/trees.ts`. 5,000 files, 50 MB, beside `git archive | tar x` of the same. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { treesWith } from '../src/adapters/trees/index.ts';
import { type Figure, tableOf } from './figures.ts';
import { median, pairedRatio } from './statistics.ts';

const FILES = 5_000;
const FILE_BYTES = 10_000;
const CHANGED = 50;
const ROUNDS = 7;

const env = { PATH: process.env['PATH'] ?? '', HOME: tmpdir() };
const folder = mkdtempSync(join(tmpdir(), 'ops-bench-trees-'));
const repository = join(folder, 'repository');
const git = async (...args: string[]): Promise<string> =>
  (await execa('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: repository })).stdout;

/** Half of it can be packed, as of code. */
const content = (): Buffer =>
  Buffer.from(randomBytes((FILE_BYTES * 3) / 8).toString('hex') + ' '.repeat(FILE_BYTES / 4));
const pathOf = (n: number): string => join(repository, `d${n % 50}`, `f${n}.js`);

async function commit(from: number, to: number): Promise<string> {
  for (let n = from; n < to; n += 1) {
    mkdirSync(join(pathOf(n), '..'), { recursive: true });
    writeFileSync(pathOf(n), content());
  }
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'bench');
  return git('rev-parse', 'HEAD');
}

async function msOf(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

let count = 0;
/** In a fresh folder each: ext4 is slow where many files were removed a moment ago. */
function nextRoot(): string {
  count += 1;
  const root = join(folder, `app-${count}`);
  mkdirSync(root);
  return root;
}

const floor = async (id: string): Promise<void> =>
  void (await execa('sh', ['-c', 'git archive "$0" | tar -x -C "$1"', id, nextRoot()], { cwd: repository }));

const clone = async (): Promise<void> =>
  void (await execa('git', ['clone', '--quiet', '--bare', '--depth=100', `file://${repository}`, nextRoot()]));

interface Wanted {
  id: string;
  remotes: string;
  like?: string | null;
}

async function make({ id, remotes, like = null }: Wanted): Promise<string> {
  const trees = treesWith({ remotes, env });
  const path = join(nextRoot(), 'releases/20261123T194001Z-4f9c12ab');
  const source = { type: 'git', remote: `file://${repository}`, commit: id } as const;
  await trees.make(path, { source, digest: null, like, signal: new AbortController().signal });
  await trees.seal(path);
  return path;
}

const KINDS = ['known', 'unchanged', 'changed', 'first'] as const;
type Times = Record<'floor' | 'clone' | (typeof KINDS)[number], number[]>;

async function measure(): Promise<Times> {
  const times: Times = { floor: [], clone: [], known: [], unchanged: [], changed: [], first: [] };
  await execa('git', ['init', '--quiet', repository]);
  const id = await commit(0, FILES);
  // As a remote has them that was pushed to.
  await git('repack', '-a', '-d', '--quiet');
  const remotes = join(folder, 'remotes');
  const like = await make({ id, remotes });
  for (let round = 0; round < ROUNDS; round += 1) {
    times.floor.push(await msOf(() => floor(id)));
    times.known.push(await msOf(() => make({ id, remotes })));
    times.unchanged.push(await msOf(() => make({ id, remotes, like })));
    const next = await commit(round * CHANGED, (round + 1) * CHANGED);
    times.changed.push(await msOf(() => make({ id: next, remotes, like })));
    times.clone.push(await msOf(clone));
    times.first.push(await msOf(() => make({ id, remotes: join(folder, `remotes-${round}`) })));
  }
  return times;
}

const WORDS = {
  known: 'a commit that was fetched before, made and sealed',
  unchanged: 'the same beside a sealed release of it',
  changed: `a new commit of ${CHANGED} other files, fetched, beside a sealed release`,
  first: 'the first commit of a remote, its mirror made: beside a clone, too',
};

/** Of the first commit the remote must be read as well. */
const floorOf = ({ floor: archives, clone: clones }: Times, kind: (typeof KINDS)[number]): number[] =>
  kind === 'first' ? archives.map((ms, round) => ms + (clones[round] ?? 0)) : archives;

function figuresOf(times: Times): Figure[] {
  return KINDS.map((kind) => {
    const floors = floorOf(times, kind);
    return {
      what: WORDS[kind],
      unit: 'ms',
      value: median(times[kind]),
      floor: median(floors),
      ratio: pairedRatio(times[kind], floors),
      goal: { at: 'most', bound: 1.3 },
    };
  });
}

mkdirSync(repository);
try {
  console.log(tableOf(figuresOf(await measure())));
} finally {
  await execa('chmod', ['-R', 'u+w', folder]);
  rmSync(folder, { recursive: true });
}
