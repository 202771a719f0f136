import type { Candidate, LedgerFacts, Pause, Withdrawal } from '../admission/facts.ts';
import type { Alert } from '../contract/alert.ts';
import type { Attestation } from '../contract/attestation.ts';
import type { Control } from '../contract/control.ts';
import type { OpsOutput } from '../contract/ops-output.ts';
import type { Attestor, Outcome, Report } from '../contract/report.ts';
import type { Task } from '../contract/task.ts';
import type { StepRecord } from '../planning/record.ts';
import type { PlannedStep, Step } from '../planning/step.ts';
import type { ReleaseLedger } from './releases.ts';
import type { ScheduleLedger } from './schedules.ts';
import type { SourceTree } from './source-trees.ts';

/** A claimed task. Times are milliseconds since 1970. */
export interface TaskRecord {
  task: Task;
  digest: string;
  /** The tokens by which it was admitted: asked again before it is resumed. */
  tokens: readonly string[];
  attestedBy: Attestor[];
  claimedAt: number;
  /** Null while it is open. */
  ended: { at: number; outcome: Outcome; reason: string | null; opsOutput: OpsOutput } | null;
  /** The undo task that took it back. */
  undoneBy: string | null;
}

/** A task that waits for a signature, or for the end of a pause; nothing of it ran. */
export interface HeldTask {
  task_id: string;
  digest: string;
  queue: string;
  jobId: string;
  name: string;
  /** Null for a task that takes another back. */
  plan_id: string | null;
  missing: string[];
  /** When it is looked at again if nothing comes: at its expiry, or when the pause ends. */
  until: number;
}

export interface OutboxRow {
  /** Counts the host's reports and alerts without gaps. */
  seq: number;
  kind: 'report' | 'alert';
  id: string;
  /** Unsigned; the reporter signs it when it publishes. */
  body: object;
}

/** What one report said, for counting. */
export interface ReportedOutcome {
  seq: number;
  outcome: Outcome;
  /** From claim to end; null where nothing was claimed, or this is not its final report. */
  durationMs: number | null;
}

export type UnsignedReport = Omit<Report, 'signature'>;

export interface AuditHead {
  seq: number;
  head: string;
}

/** One entry of the audit log; `detail` holds names and digests, never content. */
export interface AuditEvent {
  event: string;
  task_id?: string;
  detail?: Record<string, unknown>;
}

/** What the daemon's log says of an event besides; it may quote the task. */
export interface Told {
  /** Which of the task's actions, from 1. */
  action?: number;
  /** Absent while it is only intended. */
  outcome?: string;
  reason?: string | null;
  duration_ms?: number | null;
}

export interface AuditEntry extends AuditEvent {
  seq: number;
  at: string;
  hash: string;
}

export interface StepChange {
  state: StepRecord['state'];
  captured?: StepRecord['captured'];
  left?: StepRecord['left'];
  message?: string;
  durationMs?: number;
  health?: StepRecord['health'];
  environment?: StepRecord['environment'];
}

/**
 * The durable truth of this host. Reads may happen at any time, and see what is written but not yet on the disk; what
 * changes must happen inside `commit` or `write`.
 */
export interface Ledger extends ReleaseLedger, ScheduleLedger {
  /** All of `work` or, when it throws, nothing; `work` must be synchronous. On the disk when the promise resolves. */
  commit<T>(work: () => T): Promise<T>;
  /** The same without the wait: it is on the disk before anything that is committed later. */
  write<T>(work: () => T): T;
  /** Resolves when all that was written before is on the disk. */
  durable(): Promise<void>;
  /** Resolves when something could not be brought to the disk: nothing may be built on it any more. */
  readonly failure: Promise<Error>;

  /** Remembers `now` where it is the latest time seen: a clock that is set back later is noticed by it. */
  sawTime(now: number): void;
  latestTime(): number;
  /**
   * Forgets the latest time seen for an earlier one, and so a birth after that; false where it is not `wrong`, as it is on
   * the disk.
   */
  acceptTime(wrong: number, right: number): boolean;
  /** Everything admission wants to know about a candidate. */
  factsFor(candidate: Candidate, now: number): LedgerFacts;

  task(taskId: string): TaskRecord | undefined;
  openTasks(): TaskRecord[];
  recentTasks(limit: number): TaskRecord[];
  claim(claim: Pick<TaskRecord, 'task' | 'digest' | 'tokens' | 'attestedBy' | 'claimedAt'>): void;
  conclude(taskId: string, ended: NonNullable<TaskRecord['ended']>): void;
  markUndone(taskId: string, by: string): void;
  /** How application source was before the task's first command; empty where that was not noted. */
  sources(taskId: string): SourceTree[];
  noteSources(taskId: string, trees: readonly SourceTree[]): void;

  steps(taskId: string): StepRecord[];
  addSteps(taskId: string, steps: readonly PlannedStep[]): void;
  changeStep(taskId: string, n: number, change: StepChange): void;
  /** The newest task after this one, or of all, with an applied step of the same kind on the same target. */
  laterTaskOn(step: Pick<Step, 'kind' | 'target'>, taskId: string | null): string | undefined;

  hold(task: Omit<HeldTask, 'plan_id'> & { data: unknown }): void;
  /** Without their data: a thousand of them may be 64 MB. */
  held(): HeldTask[];
  /** What was delivered of a held task; undefined where it is not held any more. */
  heldData(delivery: Pick<HeldTask, 'queue' | 'jobId'>): unknown;
  /** This delivery is not held any more; a copy of its task that came with other signatures may be. */
  release(delivery: Pick<HeldTask, 'queue' | 'jobId'>): void;
  /** The task ran: no copy of it is held any more. */
  releaseAll(digest: string): void;

  /** Appends a message whose body is made of its own `seq`. */
  append(kind: OutboxRow['kind'], id: string, body: (seq: number) => object): OutboxRow;
  /** At most `limit` messages after `seq`, the oldest first. */
  messagesAfter(seq: number, limit: number): OutboxRow[];
  /** The reports that name this task: the final one first, then at most 20 others, the newest first. */
  reports(taskId: string): UnsignedReport[];
  /** Whether a refusal of this task for this reason was reported before. */
  wasRefused(digest: string, reason: string): boolean;
  /** Of at most `limit` reports after `seq`, the oldest first. */
  outcomesAfter(seq: number, limit: number): ReportedOutcome[];
  /** The 20 newest alerts as they stand now, what changed last first. */
  alerts(): Alert[];
  /** An alert of this host as it stands now. */
  alert(alertId: string): Alert | undefined;
  /** The `seq` of the last message older than `at`. */
  lastSeqBefore(at: number): number;

  /** Tokens that came late, on the control stream, about this task or plan: of each signer the newest 20. */
  lateTokens(subjects: readonly string[]): string[];
  /** False where it is known already, or older than those that are kept. */
  addLateToken(claims: Pick<Attestation, 'sub' | 'iss' | 'iat'>, token: string): boolean;
  /** All but `news` change nothing: it was seen before, its target is vetoed already, or it is older than the last about it. */
  addStatement(statement: Control, token: string): 'news' | 'known' | 'older';
  /** Vetoes, and cancellations not yet expired, that name one of the targets; a veto first. */
  withdrawals(targets: readonly string[], now: number): Withdrawal[];
  /** Pauses in force, of these targets or of all. */
  pauses(now: number, targets?: readonly string[]): Pause[];
  /** The control stream was replaced: none of the vetoes known here was seen in it yet. */
  forgetControlStream(): void;
  /** At most `limit` vetoes that were not seen in the control stream. */
  vetoesToRestore(limit: number): { target: string; token: string }[];
  vetoRestored(target: string): void;
  controlCursor(): string;
  moveControlCursor(cursor: string): void;

  /** Counts a delivery that was followed by another one, as far as is known without reaching an admission. */
  countDelivery(job: string): number;
  /** The job reached an admission: it does not kill the daemon. */
  forgetDeliveries(job: string): void;

  audit(event: AuditEvent, told?: Told): void;
  auditHead(): AuditHead;
  auditEntries(): Iterable<AuditEntry>;
  /** The heads that went out with reports and alerts. */
  reportedHeads(): AuditHead[];

  close(): void;
}
