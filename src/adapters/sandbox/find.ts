import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Commands } from '../../services/commands.ts';
import { bubblewrap } from './bubblewrap.ts';
import { confined } from './confined.ts';
import type { SandboxHere, SandboxSettings } from './sandbox.ts';
import { sandboxExec } from './sandbox-exec.ts';
import { socketFilter } from './socket-filter.ts';

const SANDBOX_EXEC = '/usr/bin/sandbox-exec';

/** The one of this system, untried. */
export function sandboxOf({ baseEnv, runAs }: SandboxSettings): SandboxHere {
  if (process.platform === 'darwin') return sandboxExec(SANDBOX_EXEC);
  const folders = (baseEnv['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/'));
  const program = folders.map((folder) => join(folder, 'bwrap')).find((path) => existsSync(path));
  if (program === undefined) return none('there is no bwrap on its PATH: install bubblewrap, and restart the daemon');
  const filter = socketFilter(process.arch);
  if (filter === null) return none(`nobody has made its filter of system calls for ${process.arch}`);
  return bubblewrap(program, filter, runAs === null ? process.geteuid?.() === 0 : runAs === 'root');
}

/** Succeeds where it can write to its TMPDIR, and cannot write $0. */
const TRIAL = ': > "$TMPDIR/written" && ! (: > "$0") 2> /dev/null';
const TRIAL_MS = 10_000;

/** The one of this system, if it does here what it is for. */
export async function findSandbox(commands: Commands, settings: SandboxSettings): Promise<SandboxHere> {
  const sandbox = sandboxOf(settings);
  if ('problem' in sandbox) return sandbox;
  const { home, runAs, baseEnv } = settings;
  let said = '';
  const { ended, exitCode, message } = await confined(commands, sandbox, settings).run(
    {
      task_id: 'sandbox',
      step: 0,
      argv: ['/bin/sh', '-c', TRIAL, join(runAs === null ? home.var.run : home.runner.dir, 'trial')],
      cwd: '/',
      env: baseEnv,
      stdin: '',
      writes: [],
      network: false,
      outlives: false,
      timeoutMs: TRIAL_MS,
      outputLimitBytes: 4096,
      graceMs: 1_000,
    },
    new AbortController().signal,
    async (chunk) => void (said += Buffer.from(chunk).toString()),
  );
  if (ended === 'exit' && exitCode === 0) return sandbox;
  return none(`${sandbox.name} does not work here (${said.trim() || message || `it ended with ${exitCode ?? ended}`})`);
}

function none(why: string): { problem: string } {
  return { problem: `there is no sandbox, and no command runs without one: ${why}` };
}
