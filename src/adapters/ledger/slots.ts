import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { ScheduleLedger, SlotPlace, SlotRecord } from '../../services/schedules.ts';

/** The fields of a slot's record by their columns. */
const COLUMNS = {
  schedule: 'schedule',
  dueAt: 'due_at',
  untilAt: 'until_at',
  count: 'count',
  digest: 'digest',
  state: 'state',
  reason: 'reason',
  late: 'late',
  askedBy: 'asked_by',
  attempt: 'attempt',
  startAt: 'start_at',
  claimedAt: 'claimed_at',
  enqueuedAt: 'enqueued_at',
  endedAt: 'ended_at',
  durationMs: 'duration_ms',
  outcome: 'outcome',
} as const satisfies Record<keyof SlotRecord, string>;

const FIELDS = Object.entries(COLUMNS) as [keyof SlotRecord, string][];
const NAMED = FIELDS.map(([field, column]) => `${column} AS ${field}`).join(', ');

type SlotPart = Pick<
  ScheduleLedger,
  'slot' | 'addSlot' | 'changeSlot' | 'removeSlot' | 'openSlots' | 'slots' | 'slotCounts' | 'runs'
>;
/** Forgets what is due later and has not begun; tells what that was. */
type ForgetAfter = (at: number, begun: (slot: SlotRecord) => boolean) => SlotPlace[];

export function slotsIn(db: DatabaseSync): SlotPart & { forgetAfter: ForgetAfter } {
  const one = db.prepare(`SELECT ${NAMED} FROM slots WHERE schedule = ? AND due_at = ?`);
  const open = db.prepare(
    `SELECT ${NAMED} FROM slots WHERE state IN ('waiting', 'enqueued') ORDER BY due_at, schedule`,
  );
  const newest = db.prepare(`SELECT ${NAMED} FROM slots WHERE schedule = ? ORDER BY due_at DESC LIMIT ?`);
  const counts = db.prepare(
    'SELECT state, sum(count) AS count FROM slots WHERE schedule = ? GROUP BY state ORDER BY state',
  );
  const rest = `INTO slots (${FIELDS.map(([, column]) => column).join(', ')})
    VALUES (${FIELDS.map(([field]) => `:${field}`).join(', ')})`;
  const insert = db.prepare(`INSERT OR IGNORE ${rest}`);
  const replace = db.prepare(`INSERT OR REPLACE ${rest}`);
  const remove = db.prepare('DELETE FROM slots WHERE schedule = ? AND due_at = ?');
  const later = db.prepare(`SELECT ${NAMED} FROM slots WHERE until_at > ?`);
  const runs = db.prepare(
    `SELECT ${NAMED} FROM slots WHERE schedule = ? AND outcome IS NOT NULL ORDER BY due_at DESC LIMIT ?`,
  );
  const slot = ({ schedule, dueAt }: SlotPlace) => one.all(schedule, dueAt).map(slotOf)[0];
  const openSlots = () => open.all().map(slotOf);
  const write = (changed: SlotRecord) => replace.run(valuesOf(changed));
  return {
    slot,
    openSlots,
    slots: (schedule, limit) => newest.all(schedule, limit).map(slotOf),
    slotCounts: (schedule) =>
      Object.fromEntries(counts.all(schedule).map(({ state, count }) => [state, Number(count)])),
    runs: (schedule, limit) => runs.all(schedule, limit).map(slotOf),
    addSlot: (added) => insert.run(valuesOf(added)).changes > 0,
    changeSlot: (place, change) => {
      const before = slot(place);
      if (before) write({ ...before, ...change });
    },
    removeSlot: ({ schedule, dueAt }) => {
      remove.run(schedule, dueAt);
    },
    forgetAfter: (at, begun) => {
      const forgotten = later
        .all(at)
        .map(slotOf)
        .filter((each) => each.attempt === 1 && !begun(each));
      for (const { schedule, dueAt } of forgotten) remove.run(schedule, dueAt);
      for (const each of openSlots().filter((one) => !begun(one))) write(readyAgain(each, at));
      return forgotten;
    },
  };
}

const valuesOf = (slot: SlotRecord): Record<string, SQLInputValue> => ({ ...slot, late: Number(slot.late) });

const slotOf = (row: Record<string, SQLInputValue>): SlotRecord =>
  ({ ...row, late: row['late'] === 1 }) as unknown as SlotRecord;

/** What was written of an open slot by a clock that was ahead must not keep it back. */
const readyAgain = (slot: SlotRecord, at: number): SlotRecord => ({
  ...slot,
  state: 'waiting',
  enqueuedAt: null,
  startAt: Math.min(slot.startAt, at),
  claimedAt: Math.min(slot.claimedAt, at),
});
