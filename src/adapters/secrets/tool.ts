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
 * What a program that keeps secrets prints, without its last newline.
 * @throws OpsError that says what to do, and nothing of what it printed, which may be the secret.
 */
export async function ask(
  [program = '', ...args]: readonly string[],
  { signal, env = {}, remedy }: Asking,
): Promise<string> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const asked = execa(program, args, {
    reject: false,
    cancelSignal: over,
    forceKillAfterDelay: 500,
    maxBuffer: LONGEST_BYTES,
    stdin: 'ignore',
    env,
    cwd: '/',
  });
  // What it started may hold its output open for ever.
  const ended = await Promise.race([asked, aborted(over)]);
  const byHand = `try it by hand, as the daemon's user`;
  if (!ended) throw new OpsError(`${program} gave no answer before its time was over: ${byHand}`);
  if (!ended.failed) return ended.stdout;
  if (ended.code === 'ENOENT') throw new OpsError(`there is no program ${program} on this host`);
  const ending = ended.exitCode === undefined || ended.isMaxBuffer ? `was ended` : `ended with ${ended.exitCode}`;
  throw new OpsError(`${program} ${remedy(ended.exitCode, ended.stderr) ?? `${ending}: ${byHand}`}`);
}

function aborted(signal: AbortSignal): Promise<null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  if (signal.aborted) resolve(null);
  signal.addEventListener('abort', () => resolve(null), { once: true });
  return promise;
}
