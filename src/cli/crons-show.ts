import { utcTime } from '../contract/names.ts';
import { OpsError } from '../errors.ts';
import { slotTaskId } from '../schedule/slot-task.ts';
import { localTime } from '../schedule/zone.ts';
import type { ScheduleView } from '../services/schedule-view.ts';
import type { SlotRecord } from '../services/schedules.ts';
import type { Context } from './context.ts';
import { type Cron, cronsOf, definitionOf } from './cron-sources.ts';
import { aboutCron, slotData } from './crons.ts';
import { print, printData, printTable } from './terminal.ts';

const LISTED = 20;
const BAR = 20;

/** `ops crons show <name>`: all that is known of one schedule. */
export function cronsShow(context: Context, name: string, options: { json?: boolean }): void {
  const cron = cronOf(context, name);
  const about = { ...aboutCron(cron), definition: definitionOf(cron) ?? null };
  if (!cron.view) return printData(about, options);
  const { ledger } = context;
  const slots = ledger.slots(name, LISTED);
  const whole = { ...about, ...historyOf(cron.view, context), slots_by_state: ledger.slotCounts(name) };
  if (options.json) return printData({ ...whole, slots: slots.map(slotData) }, options);
  printData(whole, options);
  if (slots.length > 0) printSlots(slots, cron.view.record.definition.time_zone);
}

/** @throws OpsError where there is nothing of this name. */
function cronOf(context: Context, name: string): Cron {
  const cron = cronsOf(context).find((each) => each.name === name);
  if (cron) return cron;
  throw new OpsError(
    `there is no schedule ${name} on this host, and no file for one: "ops crons" lists those there are`,
  );
}

/** Who defined it, and what stands against it. */
function historyOf({ record }: ScheduleView, { ledger }: Context) {
  const task = ledger.task(record.task_id);
  return {
    digest: record.digest,
    defined_by: record.task_id,
    defined_at: task ? utcTime(task.claimedAt) : null,
    signed_by: task?.attestedBy.map(({ role, principal }) => `${role}: ${principal}`) ?? [],
    failures_in_a_row: record.failures,
    alerts: Object.values(record.standing).map((id) => {
      const alert = ledger.alert(id);
      return {
        alert_id: id,
        severity: alert?.severity ?? null,
        state: alert?.state ?? null,
        message: alert?.message ?? null,
      };
    }),
  };
}

/** The newest first, with bars as long as they took. */
function printSlots(slots: readonly SlotRecord[], timeZone: string): void {
  const longest = Math.max(1, ...slots.map(({ durationMs }) => durationMs ?? 0));
  print('');
  printTable(
    ['due', 'task', 'state', 'took', '', 'why'],
    slots.map((slot) => [
      localTime(timeZone, slot.dueAt),
      slot.count > 1 ? `${slot.count} slots until ${localTime(timeZone, slot.untilAt)}` : slotTaskId(slot),
      [slot.state, slot.outcome].filter(Boolean).join(', '),
      slot.durationMs === null ? '' : `${slot.durationMs} ms`,
      slot.durationMs === null ? '' : '█'.repeat(Math.max(1, Math.round((slot.durationMs / longest) * BAR))),
      slot.reason,
    ]),
  );
}
