import { utcTime } from '../contract/names.ts';
import { countSlots, slotsBetween } from '../schedule/slots.ts';
import { timetableOf } from '../schedule/timetable.ts';
import { localTime } from '../schedule/zone.ts';
import type { ScheduleRecord } from '../services/schedules.ts';
import type { Context } from './context.ts';
import { viewsIn } from './cron-sources.ts';
import { print, printData, printTable } from './terminal.ts';

const DAY_MS = 24 * 3600_000;
/** Of each schedule: one that is due every minute must not hide the others. */
const LISTED = 10;

interface Coming {
  schedule: string;
  time_zone: string;
  dueAt: number;
}

/** `ops crons next`: what will be due, in order, as far as nobody changes a schedule meanwhile. */
export function cronsNext(context: Context, { days, json }: { days: number; json?: boolean }): void {
  const now = context.clock.now();
  const until = now + days * DAY_MS;
  const active = viewsIn(context.ledger, context).filter(({ state }) => state === 'active');
  const coming = active.map(({ record }) => comingOf(record, now, until));
  const slots = coming.flatMap((each) => each.slots).toSorted((a, b) => a.dueAt - b.dueAt);
  const more = Object.fromEntries(coming.flatMap(({ name, more: count }) => (count > 0 ? [[name, count]] : [])));
  if (json) return printData({ until: utcTime(until), slots: slots.map(dataOf), more }, { json });
  printTable(
    ['due', 'UTC', 'schedule', 'zone'],
    slots.map(({ schedule, time_zone, dueAt }) => [localTime(time_zone, dueAt), utcTime(dueAt), schedule, time_zone]),
  );
  for (const [name, count] of Object.entries(more)) print(`${name}: ${count} more until ${utcTime(until)}`);
}

function comingOf({ name, definition }: ScheduleRecord, now: number, until: number) {
  const timetable = timetableOf(definition);
  const end = Math.min(until, Date.parse(definition.valid_until));
  const slots = slotsBetween(timetable, now, end)
    .take(LISTED)
    .map((dueAt): Coming => ({ schedule: name, time_zone: definition.time_zone, dueAt }))
    .toArray();
  return { name, slots, more: countSlots(timetable, now, end) - slots.length };
}

const dataOf = ({ dueAt, ...slot }: Coming) => ({
  ...slot,
  due_at: utcTime(dueAt),
  local: localTime(slot.time_zone, dueAt),
});
