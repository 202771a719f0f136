import type { Outcome } from '../contract/report.ts';
import type { Definition } from './definition.ts';

const LONGEST_PAUSE_MS = 24 * 3600_000;

/** How a try at a slot ended: its task's outcome, or why it was refused. */
export interface Ending {
  outcome: Outcome;
  /** The first blocker's code, or the reason of a refusal; null where it completed. */
  reason: string | null;
  /** Milliseconds since 1970. */
  at: number;
}

/** What that makes of the slot. */
export interface Settlement {
  state: 'waiting' | 'ran' | 'caught-up' | 'skipped' | 'vetoed';
  reason: string;
  /** The next try, where there is one. */
  retry: { attempt: number; startAt: number } | null;
  /** How many slots of the schedule have failed in a row. */
  failures: number;
}

/** `failures`: those before it, in a row. */
export function settle(
  slot: { attempt: number; late: boolean },
  { retries }: Pick<Definition, 'retries'>,
  { outcome, reason, at }: Ending,
  failures: number,
): Settlement {
  const ended = { reason: reason ?? '', retry: null, failures };
  const ran = slot.late ? ('caught-up' as const) : ('ran' as const);
  switch (outcome) {
    case 'completed':
      return { ...ended, state: ran, failures: 0 };
    case 'vetoed':
      return { ...ended, state: 'vetoed' };
    case 'cancelled':
      return { ...ended, state: 'skipped' };
    case 'refused':
    case 'expired':
      return { ...ended, state: 'skipped', failures: failures + 1 };
    case 'failed':
      if (slot.attempt <= retries.count) return { ...ended, state: 'waiting', retry: nextTry(slot, retries, at) };
  }
  return { ...ended, state: ran, failures: failures + 1 };
}

function nextTry({ attempt }: { attempt: number }, { backoff_ms }: Definition['retries'], at: number) {
  return { attempt: attempt + 1, startAt: at + Math.min(backoff_ms * 2 ** (attempt - 1), LONGEST_PAUSE_MS) };
}
