import type { Owner } from '../contract/ops-output.ts';

/** Every reason to refuse a task, in the order in which the checks run, with the role that can resolve it. */
export const REASONS = {
  'delivered-too-often': 'operator',
  'too-large': 'manager',
  malformed: 'manager',
  'outer-mismatch': 'manager',
  'bad-token': 'manager',
  'unknown-key': 'operator',
  'revoked-key': 'manager',
  'wrong-role': 'manager',
  'wrong-digest': 'manager',
  'token-expired': 'manager',
  'not-requested': 'manager',
  'self-attested': 'plan-review',
  clock: 'operator',
  'too-early': 'manager',
  expired: 'manager',
  'wrong-host': 'manager',
  'host-required': 'manager',
  'id-reused': 'manager',
  vetoed: 'security',
  cancelled: 'manager',
  'literal-secret': 'manager',
  'not-allowed': 'operator',
  'not-undoable': 'manager',
  'no-definition': 'manager',
} as const satisfies Record<string, Owner>;

export type Reason = keyof typeof REASONS;

/** What a task may be held for, with the role that it waits for. */
export const MISSING = {
  'not-approved': 'plan-review',
  'not-cleared': 'security',
  paused: 'operator',
} as const satisfies Record<string, Owner>;
export type Missing = keyof typeof MISSING;

export interface Refused {
  kind: 'refused';
  reason: Reason;
  message: string;
  owner: Owner;
}

export function refused(reason: Reason, message: string): Refused {
  return { kind: 'refused', reason, message: readable(message), owner: REASONS[reason] };
}

const LONGEST_MESSAGE = 2000;

/** A message may quote what anybody sent: it must be short enough to report, and well-formed, or no report could be signed. */
export function readable(text: string): string {
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE).toWellFormed()} …` : text.toWellFormed();
}

/** Nothing is wrong, but a signature is still to come, or a pause to end. */
export interface Held {
  kind: 'held';
  missing: Missing[];
  /** When to look again if nothing comes, in milliseconds since 1970. */
  until: number;
}
