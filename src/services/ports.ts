import type { CommandSpec } from '../planning/step.ts';

/** The only way to the time. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds from an arbitrary start, never backward: for durations. */
  monotonic(): number;
}

export interface CommandRequest extends CommandSpec {
  /** Whose command it is, for `var/run` and the log. */
  task_id: string;
  step: number;
  /** The whole environment of the child; nothing is inherited. */
  env: Readonly<Record<string, string>>;
  /** Between TERM and KILL. */
  graceMs: number;
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

/** Runs the commands of tasks, in the runner process. */
export interface Commands {
  /**
   * Resolves once the command and its process group are gone; never rejects.
   * `onOutput` gets stdout and stderr as they come; while its promise is pending the child is held back.
   * Aborting sends TERM, after `graceMs` KILL.
   */
  run(
    request: CommandRequest,
    signal: AbortSignal,
    onOutput: (chunk: Uint8Array) => Promise<void>,
  ): Promise<CommandExit>;
}

/** Something long-lived. Both may be called twice; stop may come before start. */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}
