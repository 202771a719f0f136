/** Daemon to runner: start this command. The bounds are those of `CommandRequest`. */
export interface RunMessage {
  task_id: string;
  step: number;
  argv: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  stdin: string;
  timeoutMs: number;
  graceMs: number;
  outputLimitBytes: number;
  /** What stands before its argv, what that reads from file 3 (base64), and the folder that is there while it runs. */
  confinement?: { prefix: readonly string[]; filter: string | null; scratch: string | null } | undefined;
}

/** Daemon to runner: so many bytes of output are dealt with; as many more may come. */
export interface AcknowledgeMessage {
  bytes: number;
}

/** Runner to daemon, and in `var/run/<pid>.json`: which process a command is, so that it can be found after a crash. */
export interface RunRecord {
  pid: number;
  /** As in `Process.start`. */
  start: number;
  boot_id: string;
  task_id: string;
  step: number;
}

/** What a runner says of itself, in this file of `var/run`. */
export interface RunnerRecord extends Pick<RunRecord, 'pid' | 'start' | 'boot_id'> {
  /** The command whose spawn it is at; its pid is not known yet. */
  starting: { task_id: string; step: number; program: string } | null;
}

export const RUNNER_FILE = 'runner.json';

/** Where in `var/run` commands have their scratch folders. */
export const SCRATCH = 'scratch';

/** Why a command was ended before it exited. */
export type Cause = 'timeout' | 'output-limit' | 'aborted';

/** Which of its two streams a command printed something on. */
export type OutputSource = 'stdout' | 'stderr';

/** Runner to daemon: the last word about a run. The fields are those of `CommandExit`. */
export interface ExitMessage {
  ended: 'exit' | 'not-started' | Cause;
  exitCode: number | null;
  signal: string | null;
  message: string;
  leftRunning: string[];
}

/** Longest delay of a timer in Node; a longer one would fire at once. */
export const MAX_TIMER_MS = 2_147_483_647;

/** How long after KILL a process is waited for; one that is stuck in the kernel may never go. */
export const KILL_WAIT_MS = 2_000;

/** How long after the exit of a command its output is waited for. */
export const DRAIN_MS = 200;
