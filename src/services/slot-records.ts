import type { SlotRange } from '../schedule/accounting.ts';
import type { SlotRecord } from './schedules.ts';

type Claimed = Pick<SlotRecord, 'schedule' | 'dueAt' | 'digest' | 'claimedAt'>;

const UNTOUCHED = {
  count: 1,
  reason: '',
  late: false,
  askedBy: '',
  attempt: 1,
  startAt: 0,
  enqueuedAt: null,
  endedAt: null,
  durationMs: null,
  outcome: null,
} as const;

/** A slot that is to run. */
export function newSlot(claimed: Claimed & Partial<SlotRecord>): SlotRecord {
  return { ...UNTOUCHED, untilAt: claimed.dueAt, state: 'waiting', ...claimed };
}

/** Slots in a row that are not run. */
export function passedSlots(
  range: SlotRange,
  claimed: Omit<Claimed, 'dueAt'> & Pick<SlotRecord, 'state' | 'reason'>,
): SlotRecord {
  const { from, until, count } = range;
  return { ...UNTOUCHED, ...claimed, dueAt: from, untilAt: until, count, endedAt: claimed.claimedAt };
}
