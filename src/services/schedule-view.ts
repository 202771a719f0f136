import { nextSlot } from '../schedule/slots.ts';
import { timetableOf } from '../schedule/timetable.ts';
import type { Ledger } from './ledger.ts';
import type { ScheduleRecord, SlotRecord } from './schedules.ts';
import { type StandstillParts, standstillOf } from './standing.ts';

/** `stopped`: what signed it does not stand any more. */
export type ScheduleState = 'active' | 'paused' | 'expired' | 'vetoed' | 'stopped';

/** A schedule as people look at it. Times are milliseconds since 1970. */
export interface ScheduleView {
  record: ScheduleRecord;
  state: ScheduleState;
  /** Why nothing of it runs; empty where it is active. */
  why: string;
  /** Null where none is to come while its definition stands, or it is not active. */
  nextAt: number | null;
  /** The newest slot that ran; else the newest that ended in another way. */
  last: SlotRecord | null;
}

export interface ScheduleViewParts extends StandstillParts {
  ledger: StandstillParts['ledger'] & Pick<Ledger, 'schedules' | 'slots'>;
}

/** Of a schedule that is skipped each minute the last run may be further back. */
const LOOKED_AT = 100;

/** All schedules of this host, by name. */
export function scheduleViews(parts: ScheduleViewParts, now: number): ScheduleView[] {
  return parts.ledger.schedules().map((record) => scheduleView(record, parts, now));
}

export function scheduleView(record: ScheduleRecord, parts: ScheduleViewParts, now: number): ScheduleView {
  const [state, why] = stateOf(record, parts, now);
  const ended = parts.ledger.slots(record.name, LOOKED_AT).filter(({ endedAt }) => endedAt !== null);
  return {
    record,
    state,
    why,
    nextAt: state === 'active' ? nextOf(record, now) : null,
    last: ended.find(({ outcome }) => outcome !== null) ?? ended[0] ?? null,
  };
}

function stateOf(record: ScheduleRecord, parts: StandstillParts, now: number): [ScheduleState, string] {
  const standstill = standstillOf(record, parts, now);
  if (standstill === null) return ['active', ''];
  if (standstill.state === 'vetoed') return ['vetoed', standstill.reason];
  if (record.paused !== '') return ['paused', record.paused];
  const { valid_until } = record.definition;
  return Date.parse(valid_until) <= now
    ? ['expired', `was valid until ${valid_until}`]
    : ['stopped', standstill.reason];
}

function nextOf({ definition }: ScheduleRecord, now: number): number | null {
  const next = nextSlot(timetableOf(definition), now);
  return next !== null && next <= Date.parse(definition.valid_until) ? next : null;
}
