import { execa } from 'execa';
import { OpsError } from '../../errors.ts';

/** Longer than any answer without somebody who types. */
const TIMEOUT_MS = 20_000;
const LONGEST_BYTES = 64 * 1024;

export interface Asking {
  signal: AbortSignal;
  /** Besides the daemon's own environment. */
  env?: Record<string, string>;
  /** What to do about a failure, by its exit code and what it said; undefined where that is not known. */
  remedy: (exitCode: number | undefined, said: string) => string | undefined;
}

/**
 * What a program that keeps secrets prints. @throws OpsError that says what to do: nothing of what it printed, which may
 * be the secret.
 */
export async function ask(
  [program = '', ...args]: readonly string[],
  { signal, env = {}, remedy }: Asking,
): Promise<string> {
  const ended = await execa(program, args, {
    reject: false,
    timeout: TIMEOUT_MS,
    cancelSignal: signal,
    forceKillAfterDelay: 500,
    maxBuffer: LONGEST_BYTES,
    stdin: 'ignore',
    env,
    cwd: '/',
  });
  if (ended.exitCode === 0 && !ended.failed) return ended.stdout;
  if (ended.code === 'ENOENT') throw new OpsError(`there is no program ${program} here`);
  if (ended.timedOut)
    throw new OpsError(`${program} gave no answer in ${TIMEOUT_MS / 1000} s: try it by hand, as the daemon's user`);
  if (ended.isCanceled) throw new OpsError(`${program} was not waited for`);
  const what =
    remedy(ended.exitCode, ended.stderr) ??
    `ended with ${ended.exitCode ?? ended.signal}: try it by hand, as the daemon's user`;
  throw new OpsError(`${program} ${what}`);
}
