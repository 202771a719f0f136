import type { CommandSpec } from '../planning/step.ts';
import type { OnOutput } from './step-kind.ts';

export interface CommandRequest extends CommandSpec {
  /** Whose command it is, for `var/run` and the log. */
  task_id: string;
  step: number;
  /** The whole environment of the child; nothing is inherited. */
  env: Readonly<Record<string, string>>;
  /** Between TERM and KILL. */
  graceMs: number;
  /** How it is kept within what its spec allows; absent where nothing does that. */
  confinement?: Confinement | undefined;
}

/** How a command is confined. */
export interface Confinement {
  /** What stands before its argv. */
  prefix: readonly string[];
  /** What that reads from file 3, in base64; null where it reads nothing there. */
  filter: string | null;
  /** A folder that is made for it, and gone with it; null where it has none. */
  scratch: string | null;
}

export interface CommandExit {
  /** Why it ended. `lost`: the runner died, so nobody knows. `not-started`: nothing ran. */
  ended: 'exit' | 'timeout' | 'output-limit' | 'aborted' | 'not-started' | 'lost';
  exitCode: number | null;
  signal: string | null;
  /** What to tell where the exit code does not say it, e.g. `ENOENT: no program /bin/x`. */
  message: string;
  durationMs: number;
  /** Processes of it that were seen to live on, as `<pid> <program>`. */
  leftRunning: string[];
}

/** A command of a daemon before this one that runs on or may: it could not be ended, or not be found. */
export interface Leftover {
  /** Null where that is not known. */
  task_id: string | null;
  step: number | null;
  /** As `<pid> <program>`. */
  leftRunning: string[];
}

/** Runs the commands of tasks, in the runner process. */
export interface Commands {
  /**
   * Resolves once the command and its process group are gone; never rejects.
   * `onOutput` gets what is printed as it comes; while its promise is pending the child is held back. Once it has
   * resolved the chunk's memory is gone: who wants to keep a part of it copies it.
   * Aborting sends TERM, after `graceMs` KILL.
   */
  run(request: CommandRequest, signal: AbortSignal, onOutput: OnOutput): Promise<CommandExit>;
}
