import { execa } from 'execa';
import { OpsError } from '../errors.ts';
import { refusalOf } from './launchctl-codes.ts';
import { parseDisabled, parsePrint, type ServiceState } from './launchctl-print.ts';
import { asRoot, explained } from './privilege.ts';

/** What became of a command. Code null: launchctl did not answer in time, so nobody knows. */
export type Outcome = { done: true } | { done: false; code: number | null; text: string };

const NO_SERVICE = 113;
const ALREADY_IN = 37;
const IN_PROGRESS = 36;
const NO_PROCESS = 3;
/** A bootout may wait for the service to end, at most its ExitTimeOut. */
const TIMEOUT_MS = 60_000;
const LOOK_MS = 10_000;

/** launchd's system domain, by its own program. Changing it needs root. Never `load` or `unload`: they always say 0. */
export const launchctl = {
  async bootstrap(plist: string): Promise<Outcome> {
    const outcome = await order('bootstrap', 'system', plist);
    return outcome.done || outcome.code === ALREADY_IN ? { done: true } : outcome;
  },

  /** Takes the service out. It may go on ending after this: see `print`. */
  async bootout(label: string): Promise<Outcome> {
    const outcome = await order('bootout', target(label));
    const isUnderWay = !outcome.done && [IN_PROGRESS, NO_SERVICE, NO_PROCESS].includes(outcome.code ?? 0);
    return isUnderWay ? { done: true } : outcome;
  },

  /** Starts it; `kill` ends the running one by SIGKILL before. */
  kickstart: (label: string, { kill }: { kill: boolean }): Promise<Outcome> =>
    order('kickstart', ...(kill ? ['-k'] : []), target(label)),

  signal: (label: string, signal: NodeJS.Signals): Promise<Outcome> => order('kill', signal, target(label)),

  enable: (label: string): Promise<Outcome> => order('enable', target(label)),

  /** It is not started with the host any more; what runs goes on. */
  disable: (label: string): Promise<Outcome> => order('disable', target(label)),

  async print(label: string): Promise<ServiceState> {
    const { exitCode, stdout, stderr } = await run(LOOK_MS, ['launchctl', 'print', target(label)]);
    if (exitCode === NO_SERVICE) return { state: 'absent' };
    if (exitCode === 0) return parsePrint(label, stdout);
    return { state: 'unknown', why: exitCode === undefined ? noAnswer(LOOK_MS) : stderr.trim() };
  },

  async enabled(label: string): Promise<'enabled' | 'disabled' | 'unknown'> {
    const { exitCode, stdout } = await run(LOOK_MS, ['launchctl', 'print-disabled', 'system']);
    return exitCode === 0 ? parseDisabled(label, stdout) : 'unknown';
  },
};

/** @throws OpsError with launchd's code, what it means, and what to do. */
export function insist(outcome: Outcome, what: string, names: { label: string; plist: string; root: string }): void {
  if (outcome.done) return;
  if (outcome.code === null) throw new OpsError(`${what}: ${outcome.text}`);
  const { meaning, remedy } = refusalOf(outcome.code);
  const filled = remedy.replaceAll(/<(label|plist|root)>/g, (_, name: keyof typeof names) => names[name]);
  throw new OpsError(
    `launchd refused to ${what}: ${outcome.code}, ${meaning}\n  it said: ${outcome.text}\n  what to do: ${filled}`,
  );
}

const target = (label: string): string => `system/${label}`;
const noAnswer = (ms: number): string =>
  `launchctl gave no answer in ${ms / 1000} s, so nobody knows what became of it`;

async function order(...args: string[]): Promise<Outcome> {
  const { exitCode, stderr, stdout } = await run(TIMEOUT_MS, asRoot(['launchctl', ...args]));
  if (exitCode === 0) return { done: true };
  if (exitCode === undefined) return { done: false, code: null, text: noAnswer(TIMEOUT_MS) };
  return { done: false, code: exitCode, text: explained((stderr || stdout).trim().split('\n')[0] ?? '') };
}

/** @throws OpsError where there is no launchctl. */
async function run(timeout: number, [program, ...args]: readonly [string, ...string[]]) {
  const ended = await execa(program, args, { reject: false, timeout, stdin: 'ignore', forceKillAfterDelay: 500 });
  if (ended.code !== 'ENOENT') return ended;
  throw new OpsError(
    'there is no launchctl here: this needs macOS; elsewhere pm2 keeps the daemon (ecosystem.config.js)',
  );
}
