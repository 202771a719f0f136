import { nextSlot } from '../schedule/slots.ts';
import { readTimetable } from '../schedule/timetable.ts';
import type { Ledger } from './ledger.ts';
import { type Obstacle, type ObstacleParts, obstaclesBy } from './obstacles.ts';
import type { ScheduleRecord, SlotRecord } from './schedules.ts';

/** `stopped`: what signed it does not stand any more. */
type ScheduleState = 'active' | 'paused' | 'expired' | 'vetoed' | 'stopped';

/** A schedule as people look at it. Times are milliseconds since 1970. */
export interface ScheduleView {
  record: ScheduleRecord;
  state: ScheduleState;
  /** Why nothing of it runs; empty where it is active. */
  why: string;
  /** Null where none is to come while its definition stands, or it is not active. */
  nextAt: number | null;
  /** The newest slot that ran; null where none did. */
  last: SlotRecord | null;
}

export interface ScheduleViewParts extends ObstacleParts {
  ledger: ObstacleParts['ledger'] & Pick<Ledger, 'schedules' | 'runs'>;
}

/** All schedules of this host, by name. */
export function scheduleViews(parts: ScheduleViewParts, now: number): ScheduleView[] {
  const { ledger } = parts;
  const { obstacle } = obstaclesBy(parts);
  return ledger.schedules().map((record) => scheduleView(record, obstacle(record, now), ledger, now));
}

function scheduleView(
  record: ScheduleRecord,
  obstacle: Obstacle | null,
  ledger: ScheduleViewParts['ledger'],
  now: number,
): ScheduleView {
  const [state, why] = stateOf(record, obstacle, now);
  return {
    record,
    state,
    why,
    nextAt: state === 'active' ? nextOf(record, now) : null,
    last: ledger.runs(record.name, 1)[0] ?? null,
  };
}

function stateOf(record: ScheduleRecord, obstacle: Obstacle | null, now: number): [ScheduleState, string] {
  if (obstacle === null) return ['active', ''];
  if (obstacle.state === 'vetoed') return ['vetoed', obstacle.reason];
  if (record.paused !== '') return ['paused', record.paused];
  const { valid_until } = record.definition;
  return Date.parse(valid_until) <= now ? ['expired', `was valid until ${valid_until}`] : ['stopped', obstacle.reason];
}

function nextOf({ definition }: ScheduleRecord, now: number): number | null {
  const timetable = readTimetable(definition);
  const next = typeof timetable === 'string' ? null : nextSlot(timetable, now);
  return next !== null && next <= Date.parse(definition.valid_until) ? next : null;
}
