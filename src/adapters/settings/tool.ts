import { execa } from 'execa';
import { OpsError } from '../../errors.ts';
import { explained } from '../privilege.ts';

const TIMEOUT_MS = 30_000;

interface Bounds {
  /** 30 s where absent. */
  timeoutMs?: number;
  /** What it is at must not be broken off where the daemon ends. */
  livesOn?: boolean;
}

export interface Answer {
  exitCode: number;
  stdout: string;
  /** What it said, for people; without line ends at its end. */
  said: string;
}

export type Tool = (args: readonly string[], bounds?: Bounds) => Promise<Answer>;

/**
 * A program of the host, run with fixed arguments and no input, in the C locale.
 * @throws OpsError where there is none, or it did not end by itself in time: then nobody knows what became of it.
 */
export function toolOf(program: string, env: Readonly<Record<string, string>>): Tool {
  return async (args, { timeoutMs = TIMEOUT_MS, livesOn = false } = {}) => {
    const { exitCode, stdout, stderr, code, signal } = await execa(program, args, {
      env: { ...env, LC_ALL: 'C', LANG: 'C' },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      timeout: timeoutMs,
      detached: livesOn,
      cleanup: !livesOn,
    });
    if (exitCode !== undefined) return { exitCode, stdout, said: (stderr || stdout).trim() };
    if (code === 'ENOENT') throw new OpsError(`there is no ${program} on this host`);
    throw new OpsError(`${program} ${args[0]} did not end by itself (${signal}): nobody knows what became of it`);
  };
}

/** @throws OpsError with what it said, where it did not succeed. */
export function insist({ exitCode, said }: Answer, what: string): void {
  if (exitCode !== 0) throw new OpsError(`${what}: ${explained(said) || `exit code ${exitCode}`}`);
}
