import { execa } from 'execa';
import { OpsError } from '../../errors.ts';
import { visible } from '../../visible.ts';

const TIMEOUT_MS = 10 * 60_000;
const LONGEST_ANSWER_BYTES = 64 * 1024 * 1024;

/** In what git works. */
export interface GitPlace {
  /** The bare repository. */
  folder: string;
  env: Readonly<Record<string, string>>;
  signal: AbortSignal;
  /** By which it may fetch; null for by none. */
  protocol: string | null;
}

export interface GitAnswer {
  ok: boolean;
  stdout: string;
  stderr: string;
}

/** Whatever a repository or its remote says, git runs no program of theirs, asks nobody, and keeps what it took whole. */
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.fsync=committed,reference',
  'credential.helper=',
  'protocol.ext.allow=never',
  'http.followRedirects=false',
  'http.lowSpeedLimit=1000',
  'http.lowSpeedTime=30',
  'fetch.fsckObjects=true',
  // Else a crash could leave a commit without its files.
  'fetch.unpackLimit=1',
  'transfer.bundleURI=false',
  'submodule.recurse=false',
  'gc.auto=0',
];

const argumentsOf = ({ folder }: GitPlace, args: readonly string[]): string[] => [
  ...SETTINGS.flatMap((setting) => ['-c', setting]),
  `--git-dir=${folder}`,
  ...args,
];

/** Nothing of the daemon's environment or of anybody's settings steers it. */
function environment({ env, protocol }: GitPlace): Record<string, string> {
  const passed = Object.entries(env).filter(([name]) => !/^(?:GIT_|SSH_ASKPASS|LC_)/.test(name));
  return {
    ...Object.fromEntries(passed),
    LC_ALL: 'C',
    GIT_ALLOW_PROTOCOL: protocol ?? 'none',
    GIT_ASKPASS: 'false',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes -oConnectTimeout=20',
    GIT_SSH_VARIANT: 'ssh',
    GIT_TERMINAL_PROMPT: '0',
  };
}

const optionsFor = (place: GitPlace) =>
  ({
    env: environment(place),
    extendEnv: false,
    reject: false,
    timeout: TIMEOUT_MS,
    cancelSignal: place.signal,
    forceKillAfterDelay: 500,
    maxBuffer: LONGEST_ANSWER_BYTES,
    stripFinalNewline: false,
  }) as const;

/** @throws OpsError where it gave no answer. */
export async function askGit(place: GitPlace, args: readonly string[]): Promise<GitAnswer> {
  const ended = await execa('git', argumentsOf(place, args), { ...optionsFor(place), stdin: 'ignore' });
  const { exitCode, stdout, stderr, code } = ended;
  if (code === 'ENOENT')
    throw new OpsError(`there is no git on the daemon's PATH: ${place.env['PATH'] ?? 'it is empty'}`);
  if (ended.timedOut) throw new OpsError(`git ${args[0]} gave no answer in ${TIMEOUT_MS / 60_000} minutes`);
  return { ok: exitCode === 0, stdout, stderr };
}

/** What it printed. @throws OpsError with what it said. */
export async function insistOnGit(place: GitPlace, args: readonly string[]): Promise<string> {
  const answer = await askGit(place, args);
  if (answer.ok) return answer.stdout;
  throw new OpsError(`git ${args[0]}: ${saidBy(answer)}`);
}

/** The lines that tell the reason. */
export function saidBy({ stderr }: Pick<GitAnswer, 'stderr'>): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return visible(lines.slice(0, 4).join('; ').slice(0, 1_000));
}

/** The contents of these objects, one after the other, as `cat-file --batch` writes them. It is ended with its reader. */
export async function* objectsIn(place: GitPlace, ids: readonly string[]): AsyncGenerator<Buffer> {
  const args = argumentsOf(place, ['cat-file', '--batch', '--buffer']);
  const input = ids.map((id) => `${id}\n`).join('');
  const reading = execa('git', args, { ...optionsFor(place), input, buffer: { stdout: false } });
  try {
    yield* reading.stdout;
    const { exitCode, stderr } = await reading;
    if (exitCode !== 0) throw new OpsError(`git cat-file: ${saidBy({ stderr })}`);
  } finally {
    reading.kill();
  }
}
