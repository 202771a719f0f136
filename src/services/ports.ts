import type { TokenFact } from '../admission/facts.ts';
import type { Reason } from '../admission/reasons.ts';
import type { ClockAcceptance } from '../contract/clock.ts';
import type { Control } from '../contract/control.ts';
import type { HealthCheck } from '../contract/ops-output.ts';
import type {
  DirectoryFact,
  FactOf,
  FactQuery,
  FileFact,
  LinkFact,
  OwnerFact,
  PackageManager,
  PackageOffer,
  ServiceFact,
  SettingFact,
  Standing,
  StoreName,
} from '../planning/facts.ts';
import type { Probe } from '../planning/probe.ts';
import type { RefOf, ServiceRef, SupervisorName } from '../planning/service.ts';
import type { CommandSpec } from '../planning/step.ts';
import type { OnOutput, StepContext } from './step-kind.ts';

/** The only way to the time. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds from an arbitrary start, never backward: for durations. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

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

/** Something long-lived. Both may be called twice; stop may come before start. */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The files that steps change. Paths are absolute; a symbolic link at the end of one is refused, not followed. */
export interface Files {
  fact(path: string): Promise<FileFact>;
  read(path: string): Promise<Buffer>;
  /** Whole or not at all, and on the disk when it resolves. */
  write(path: string, content: string | Uint8Array, mode: string, owner: OwnerFact): Promise<void>;
  remove(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
}

/** What was there before, by digest; kept 0600 and never sent anywhere. */
export interface Snapshots {
  /** Returns the content's sha256; it is on the disk when the promise resolves. */
  keep(content: Uint8Array): Promise<string>;
  get(sha256: string): Promise<Buffer>;
}

/** Who needs a secret, and until when: the audit log keeps the names. */
interface SecretUse {
  task_id: string;
  step: number;
  signal: AbortSignal;
}

/** The values of secrets, as they are at the moment. */
export interface Secrets {
  /**
   * The value that `secret:<source>/<name>` names; 8 characters or more, without NUL. When it resolves, the value is
   * masked wherever text leaves the daemon, and its use stands in the audit log. Ask at each use, and keep nothing.
   * @throws OpsError that says what to do, and nothing of the value.
   */
  fetch(ref: string, use: SecretUse): Promise<string>;
}

export type PresentDirectory = Extract<DirectoryFact, { exists: true }>;

/** The directories that steps change. Nothing at the end of a path is followed, nor a link above it that is not root's or the daemon's own. */
export interface Directories {
  fact(path: string): Promise<DirectoryFact>;
  /** False where anything is there: then nothing has changed. */
  make(path: string, wanted: PresentDirectory): Promise<boolean>;
  change(path: string, wanted: PresentDirectory): Promise<void>;
  /** Returns what stands in it: then it stays. */
  remove(path: string): Promise<string[]>;
}

/** The symbolic links that steps change. No link above one is followed that is not root's or the daemon's own. */
export interface Links {
  fact(path: string): Promise<LinkFact>;
  /** False where anything is there: then nothing has changed. */
  make(path: string, target: string): Promise<boolean>;
  /** Another one in its place, which is never empty meanwhile. */
  swap(path: string, target: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Whether there is something where it leads. */
  leads(path: string): Promise<boolean>;
}

/** A tool of the host that keeps values by name. Both reject where it does not answer, or its answer is not understood. */
export interface SettingStore {
  look(name: string): Promise<SettingFact>;
  /** Null takes it away. Resolves when the tool has done it; whether the value is as wanted is for `look` to say. */
  set(name: string, value: SettingFact['value']): Promise<void>;
  /** Of a tool that is not ended with the daemon: whether it is still at this name. */
  isAtWork?(name: string): Promise<boolean>;
}

/** A package's value is its version. */
export interface PackageStore extends SettingStore {
  offer(name: string): Promise<PackageOffer>;
}

export type SettingStores = { readonly [K in StoreName]: K extends PackageManager ? PackageStore : SettingStore };

/** Answers what actions ask before planning. Read-only. */
export interface FactReader {
  answer(query: FactQuery): Promise<FactOf[FactQuery['ask']]>;
}

/**
 * What keeps services running: launchd, pm2, … Its orders resolve once they are given and taken; whether the service
 * came to stand so is seen by `look`, for which the step waits.
 * @throws OpsError from every order, where it was refused: what was said, and what to do.
 */
export interface Supervisor<R extends ServiceRef = ServiceRef> {
  /** Changes nothing, and never throws: what cannot be seen or understood is `unknown`. */
  look(ref: R): Promise<ServiceFact>;
  /** The text with the digest of `look`, as `install` takes it; null where there is none, or nobody can say it. */
  definitionOf(ref: R): Promise<string | null>;
  /** Puts the definition in the place of what there is, if anything, and has it stand so. */
  install(ref: R, definition: string, standing: Standing, context: StepContext): Promise<void>;
  /** Has it stand so; it is there, in another standing. */
  bring(ref: R, standing: Standing, context: StepContext): Promise<void>;
  /** Another run of it; where it does not run, its first. */
  restart(ref: R, context: StepContext): Promise<void>;
  /** Ends it, and takes its definition away. */
  remove(ref: R, context: StepContext): Promise<void>;
}

export type Supervisors = { readonly [S in SupervisorName]: Supervisor<RefOf<S>> };

/** Takes one look at a service. */
export interface Prober {
  /** `leftRunning`: processes of a command that looked, which live on. */
  look(probe: Probe, signal: AbortSignal): Promise<HealthCheck & { detail: string; leftRunning?: string[] }>;
}

/** A control statement as far as its token tells: whether it may be said by who says it, and still counts. */
export type StatementFact =
  | { verified: true; claims: Control; expired: boolean }
  | { verified: false; reason: Reason; message: string };

/** Turns a token into facts: who signed it, in which role, and what. */
export interface Verifier {
  attestation(token: string): Promise<TokenFact>;
  control(token: string): Promise<StatementFact>;
  clockAcceptance(token: string): Promise<{ claims: ClockAcceptance } | { problem: string }>;
  /** The keys in force, to see whether they are still the same ones. */
  keys(): object;
  /** Whether this key is in the ring, and not revoked. */
  trusts(kid: string): boolean;
  /** Whether it is meant as an attestation, to be judged by `attestation`. */
  isAttestation(token: string): boolean;
}

/** Where the output of a task's commands goes: redacted, without control sequences, to `var/output` and its job's log. */
export interface TaskOutput {
  write: OnOutput;
  /** What the task printed last, some lines of it: to be asked once a command has ended. */
  lastLines(): Promise<string>;
  close(): Promise<void>;
}

/** Pings an address as Healthchecks has it: a start, a success, a failure, or an exit code other than 0. Never throws. */
export interface Heartbeats {
  ping(url: string, what: 'start' | 'success' | 'fail' | number): void;
}

/** How a daemon is. */
export interface Condition {
  /**
   * Tasks are taken only when `ready`. In `waiting` it cannot use Redis; what runs goes on. In `safe-mode` it waits for
   * somebody to mend `reason`.
   */
  state: 'starting' | 'ready' | 'waiting' | 'safe-mode' | 'stopping';
  reason: string | null;
}
