import type { TokenFact } from '../admission/facts.ts';
import type { Reason } from '../admission/reasons.ts';
import type { ClockAcceptance } from '../contract/clock.ts';
import type { Control } from '../contract/control.ts';
import type { HealthCheck } from '../contract/ops-output.ts';
import type { FactOf, FactQuery } from '../planning/facts.ts';
import type { Probe } from '../planning/probe.ts';
import type { OnOutput } from './step-kind.ts';

/** The only way to the time. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds from an arbitrary start, never backward: for durations. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Something long-lived. Both may be called twice; stop may come before start. */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
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

/** Answers what actions ask before planning. Read-only. */
export interface FactReader {
  answer(query: FactQuery): Promise<FactOf[FactQuery['ask']]>;
}

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
