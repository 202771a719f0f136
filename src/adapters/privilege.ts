import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { OpsError } from '../errors.ts';
import { writeAtomically } from './atomic-write.ts';
import { files } from './files.ts';

const isRoot = process.getuid?.() === 0;
/** Of root. */
const GROUP = process.platform === 'darwin' ? 'wheel' : 'root';

type Argv = readonly [string, ...string[]];

/** What only root may do, as root itself or by a sudo that asks nobody for a password: `ops sudoers` prints the rules. */
export const asRoot = (argv: Argv): Argv => (isRoot ? argv : ['sudo', '-n', ...argv]);

/** What such a command said; where sudo refused it, with what an operator does about that. */
export const explained = (said: string): string =>
  said.startsWith('sudo: ') ? `${said} (the daemon is not root, and may do what "ops sudoers" prints)` : said;

const INSTALL: Argv = ['/usr/bin/install', '-o', 'root', '-g', GROUP, '-m', '644'];

export const placing = (staged: string, path: string): Argv => [...INSTALL, staged, path];

export const removing = (path: string): Argv => ['/bin/rm', '-f', path];

/** Writes a file that everybody may read and only root may change, by way of `folder`, which is the daemon's. */
export async function writeRootFile(path: string, text: string, folder: string): Promise<void> {
  if (isRoot) return files.write(path, text, '0644', { uid: 0, gid: 0 });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const staged = join(folder, basename(path));
  await writeAtomically(staged, text, { mode: 0o600 });
  try {
    await insistOn(placing(staged, path));
  } finally {
    await rm(staged, { force: true });
  }
}

export async function removeRootFile(path: string): Promise<void> {
  if (isRoot) return files.remove(path);
  await insistOn(removing(path));
}

async function insistOn(argv: Argv): Promise<void> {
  const [program, ...args] = asRoot(argv);
  const { exitCode, stderr } = await execa(program, args, { reject: false, stdin: 'ignore', timeout: 10_000 });
  if (exitCode !== 0) throw new OpsError(`${argv.join(' ')}: ${explained(stderr.trim()) || 'did not end'}`);
}
