import type { Attestation } from '../contract/attestation.ts';
import { isSlot, isUndo, type Task } from '../contract/task.ts';
import type { Policy } from './policy.ts';
import type { Held, Reason, Refused } from './reasons.ts';

/** A parsed task, as admission sees it. */
export interface Candidate {
  task: Task;
  digest: string;
  actions: readonly { name: string; changes: boolean; needs: readonly string[] }[];
  /** Everything by which a control statement can mean it. */
  targets: readonly string[];
}

/** A token whose key, signature and form are known; what it covers and when it is valid is still to be judged. */
export interface VerifiedToken {
  verified: true;
  kid: string;
  claims: Attestation;
}

export interface RejectedToken {
  verified: false;
  reason: Extract<Reason, 'bad-token' | 'unknown-key' | 'revoked-key' | 'wrong-role'>;
  message: string;
}

export type TokenFact = VerifiedToken | RejectedToken;

/** A veto or cancellation in force. */
export interface Withdrawal {
  verb: 'veto' | 'cancel';
  target: string;
  reason: string;
  by: string;
}

/** A pause in force. */
export interface Pause {
  target: string;
  reason: string;
  by: string;
  /** When it ends by itself, in milliseconds since 1970. */
  until: number;
}

/** What the ledger knows, read in the same transaction as the claim. */
export interface LedgerFacts {
  /** When this ledger began; older tokens may have been used in a ledger that was lost. */
  bornAt: number;
  /** The latest time ever seen here. */
  highWaterAt: number;
  /** The digest under which this task_id was used up, if it was. */
  claimedDigest: string | null;
  withdrawals: readonly Withdrawal[];
  pauses: readonly Pause[];
  /** For an undo: the task it takes back, if it ran here. */
  original: { digest: string; undoProblem: string | null } | null;
}

export interface AdmissionFacts {
  host: { name: string; sole: boolean };
  policy: Policy;
  tokens: readonly TokenFact[];
  /** Where in the task a value stands that is a secret of this host; null where none does. */
  knownSecretAt: string | null;
  /** For a slot: why the definition that it names does not stand here, or the slot is not due; null where all is well. */
  slotProblem: string | null;
  ledger: LedgerFacts;
}

/**
 * Everything by which a control statement can mean this task on this host. `subjects`: the commits, artifacts and
 * schedules in it; `definedBy`: the task that defined its schedule, and that one's plan. An undo is meant only by its own
 * name: undoing vetoed work, or on a paused host, must stay possible.
 */
export function targetsOf(
  task: Task,
  subjects: readonly string[],
  host: string,
  definedBy: readonly string[] = [],
): string[] {
  const own = `task:${task.task_id}`;
  if (isUndo(task)) return [own];
  const named = isSlot(task) ? [`schedule:${task.slot.schedule}`, ...subjects] : subjects;
  const plan = 'plan_id' in task ? [`plan:${task.plan_id}`] : definedBy;
  return [own, ...plan, `host:${host}`, 'host:*', ...named.map((subject) => onHost(subject, host))];
}

/** A schedule is one host's. */
const onHost = (subject: string, host: string): string => subject.replace(/^schedule:/, `schedule:${host}/`);

/** One question of admission: the verdict, or nothing where there is nothing to object. */
export type Check = (candidate: Candidate, facts: AdmissionFacts, now: number) => Refused | Held | undefined;

export function verifiedTokens(facts: Pick<AdmissionFacts, 'tokens'>): VerifiedToken[] {
  return facts.tokens.filter((token) => token.verified);
}
