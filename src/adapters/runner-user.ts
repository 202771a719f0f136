import { statSync } from 'node:fs';
import { execa } from 'execa';
import { OpsError } from '../errors.ts';
import type { Home } from '../home.ts';
import { type SendSignal, trySignal } from '../runner/ending.ts';

/** Whose processes the commands of tasks are, and how the daemon starts and ends them. */
export interface RunnerUser {
  /** What stands before the runner's own argv. */
  become: readonly string[];
  signal: SendSignal;
}

export const OWN_USER: RunnerUser = { become: [], signal: trySignal };

const TIMEOUT_MS = 10_000;

/** Where the runner notes its processes, and as whom it runs. */
export interface RunnerPlace {
  runDir: string;
  user: RunnerUser;
}

/**
 * As the daemon's own user, or as another one, by sudo.
 * @throws OpsError that says what an operator must type for that, once.
 */
export async function runnerPlace({ var: own, runner }: Home, runAs: string | null): Promise<RunnerPlace> {
  if (runAs === null) return { runDir: own.run, user: OWN_USER };
  const become = ['sudo', '-n', '-u', runAs, '--'];
  const { exitCode } = await sudo([...become, 'true']);
  if (exitCode !== 0)
    throw new OpsError(`the daemon may not start programs as ${runAs}: put what "ops sudoers" prints where it says`);
  refuseOtherOwner(runner.dir, runAs, Number((await sudo([...become, 'id', '-u'])).stdout));
  const signal: SendSignal = (pid, name) =>
    void sudo([...become, 'kill', '-s', name.replace(/^SIG/, ''), '--', String(pid)]);
  return { runDir: runner.dir, user: { become, signal } };
}

/** The daemon cannot make it: its owner writes the records there, and the daemon's group removes them. */
function refuseOtherOwner(dir: string, name: string, uid: number): void {
  const stat = statSync(dir, { throwIfNoEntry: false });
  const group = process.getgid?.() ?? 0;
  const isOurs = stat?.isDirectory() && stat.uid === uid && stat.gid === group && (stat.mode & 0o7777) === 0o2770;
  if (isOurs) return;
  throw new OpsError(
    `${dir} must be a folder of ${name} and of the daemon's group, and nobody else's: type sudo install -d -o ${name} -g ${group} -m 2770 ${dir} && sudo install -d -o ${name} -m 700 ${dir}/home`,
  );
}

function sudo([program = '', ...args]: string[]) {
  return execa(program, args, { reject: false, timeout: TIMEOUT_MS, stdin: 'ignore', cwd: '/' });
}
