import type { Report } from '../../src/contract/report.ts';
import { slotTaskId } from '../../src/schedule/slot-task.ts';
import { slotsBetween } from '../../src/schedule/slots.ts';
import { timetableOf } from '../../src/schedule/timetable.ts';
import type { SlotRecord } from '../../src/services/schedules.ts';
import { type Cron, withLedger } from '../integration/crons.ts';
import type { TestHome } from '../integration/test-home.ts';

/** The schedules of a host, and the time in which all of their slots are looked at. */
export interface Watched {
  home: TestHome;
  crons: readonly Cron[];
  after: number;
  until: number;
}

/** All slots of the time, as the ledger has them. */
export function slotsOf({ home, crons, after, until }: Watched): SlotRecord[] {
  const all = withLedger(home, (ledger) => crons.flatMap(({ name }) => ledger.slots(name, Number.MAX_SAFE_INTEGER)));
  return all.filter(({ dueAt }) => dueAt > after && dueAt <= until);
}

/** Which slots did not run exactly once, as ledger, results queue and effects have it. */
export function wrongSlots(watched: Watched): string[] {
  const bySchedule = Map.groupBy(slotsOf(watched), ({ schedule }) => schedule);
  const finals = Map.groupBy(
    watched.home.reports.filter(({ evidence }) => evidence.final),
    ({ evidence }) => evidence.task_id,
  );
  return watched.crons.flatMap((cron) => {
    const slots = bySchedule.get(cron.name) ?? [];
    return [
      ...wrongTimes(cron, slots, watched),
      ...slots.flatMap((slot) => wrongEnd(slot, finals.get(slotTaskId(slot)) ?? [])),
      ...wrongEffects(cron),
    ];
  });
}

/** A slot of each due moment, and no others. */
function wrongTimes(cron: Cron, slots: readonly SlotRecord[], { after, until }: Watched): string[] {
  const due = new Set(slotsBetween(timetableOf(cron.definition), after, until));
  const found = new Set(slots.map(({ dueAt }) => dueAt));
  const say = (at: number, what: string) => `${cron.name}: ${new Date(at).toISOString()} ${what}`;
  return [
    ...[...due.difference(found)].map((at) => say(at, 'has no slot')),
    ...[...found.difference(due)].map((at) => say(at, 'is not due')),
  ];
}

/** It ran, by one task with one final report, which says what the ledger says. */
function wrongEnd(slot: SlotRecord, finals: readonly Report[]): string[] {
  const id = slotTaskId(slot);
  const wrong = [];
  if (slot.state !== 'ran' && slot.state !== 'caught-up') wrong.push(`${id} is ${slot.state} (${slot.reason})`);
  const said = [...new Map(finals.map(({ evidence }) => [evidence.report_id, evidence.outcome])).values()];
  if (said.length !== 1) wrong.push(`${id} has ${said.length} final reports`);
  else if (said[0] !== slot.outcome) wrong.push(`${id} ${slot.outcome}, and its report says ${said[0]}`);
  if (slot.outcome !== 'completed' && slot.outcome !== 'interrupted') wrong.push(`${id} ${slot.outcome}`);
  return wrong;
}

/** Of what was interrupted nobody knows whether it ran; never twice. */
function wrongEffects(cron: Cron): string[] {
  const { slots } = cron;
  const completed = slots.filter(({ outcome }) => outcome === 'completed').length;
  const [ran, undone] = [cron.count('ran'), cron.count('undone')];
  const wrong = ran < completed || ran > slots.length || undone > 0;
  return wrong
    ? [`${cron.name} had its effect ${ran} times, undone ${undone}, in ${slots.length} slots, ${completed} completed`]
    : [];
}
