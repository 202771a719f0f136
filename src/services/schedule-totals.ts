import type { Ledger } from './ledger.ts';
import type { ScheduleRecord } from './schedules.ts';

/** All schedules of a host in a few numbers, read without working out what any of them is due for. */
export interface ScheduleTotals {
  states: Record<'active' | 'paused' | 'expired', number>;
  /** Slots that were claimed and have not ended. */
  open: Record<'waiting' | 'enqueued', number>;
  /** Alerts that stand, by code. */
  alerts: Map<string, number>;
  /** Those that are not as they should be, and why. */
  unwell: { name: string; why: string }[];
  /** How long until a slot is due, in milliseconds; negative where one is due and not claimed. Null where none is to come. */
  nextDueMs: number | null;
}

/** `nextDueAt` as the scheduler has it, in milliseconds since 1970. */
export function scheduleTotals(
  ledger: Pick<Ledger, 'schedules' | 'openSlots'>,
  nextDueAt: number | null,
  now: number,
): ScheduleTotals {
  const totals: ScheduleTotals = {
    states: { active: 0, paused: 0, expired: 0 },
    open: { waiting: 0, enqueued: 0 },
    alerts: new Map(),
    unwell: [],
    nextDueMs: nextDueAt === null ? null : nextDueAt - now,
  };
  for (const record of ledger.schedules()) add(record, totals, now);
  for (const { state } of ledger.openSlots()) if (state === 'waiting' || state === 'enqueued') totals.open[state] += 1;
  return totals;
}

function add({ name, paused, definition, standing }: ScheduleRecord, totals: ScheduleTotals, now: number): void {
  const isExpired = Date.parse(definition.valid_until) <= now;
  const state = isExpired ? 'expired' : paused === '' ? 'active' : 'paused';
  totals.states[state] += 1;
  const codes = Object.keys(standing);
  for (const code of codes) totals.alerts.set(code, (totals.alerts.get(code) ?? 0) + 1);
  const stopped = state === 'active' ? [] : [state === 'paused' ? `paused: ${paused}` : state];
  const why = [...stopped, ...codes].join(', ');
  if (why !== '') totals.unwell.push({ name, why });
}
