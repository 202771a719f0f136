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

/** As the index of open slots says it, or it would not be used. */
const OPEN = "state IN ('waiting', 'enqueued')";

type SlotReads = Pick<ScheduleLedger, 'slot' | 'openSlots' | 'someSlotWaits' | 'slots' | 'slotCounts' | 'runs'>;
type SlotWrites = Pick<ScheduleLedger, 'addSlot' | 'changeSlot' | 'removeSlot'>;
/** Forgets what is due later and has not begun; tells what that was. */
type ForgetAfter = (at: number, begun: (slot: SlotRecord) => boolean) => SlotPlace[];

export function slotsIn(db: DatabaseSync): SlotReads & SlotWrites & { forgetAfter: ForgetAfter } {
  const reads = readsIn(db);
  const into = `INTO slots (${FIELDS.map(([, column]) => column).join(', ')})
    VALUES (${FIELDS.map(([field]) => `:${field}`).join(', ')})`;
  const insert = db.prepare(`INSERT OR IGNORE ${into}`);
  const replace = db.prepare(`INSERT OR REPLACE ${into}`);
  const remove = db.prepare('DELETE FROM slots WHERE schedule = ? AND due_at = ?');
  const later = db.prepare(`SELECT ${NAMED} FROM slots WHERE until_at > ?`);
  const write = (changed: SlotRecord) => replace.run(valuesOf(changed));
  return {
    ...reads,
    addSlot: (added) => insert.run(valuesOf(added)).changes > 0,
    changeSlot: (place, change) => {
      const before = reads.slot(place);
      if (before) write({ ...before, ...change });
    },
    removeSlot: ({ schedule, dueAt }) => {
      remove.run(schedule, dueAt);
    },
    forgetAfter: (at, begun) => {
      const ahead = later.all(at).map(slotOf);
      const forgotten = ahead.filter((slot) => slot.attempt === 1 && !begun(slot));
      for (const { schedule, dueAt } of forgotten) remove.run(schedule, dueAt);
      for (const slot of reads.openSlots()) if (!begun(slot)) write(readyAgain(slot, at));
      return forgotten;
    },
  };
}

function readsIn(db: DatabaseSync): SlotReads {
  const one = db.prepare(`SELECT ${NAMED} FROM slots WHERE schedule = ? AND due_at = ?`);
  const open = db.prepare(`SELECT ${NAMED} FROM slots WHERE ${OPEN} ORDER BY due_at, schedule`);
  const waiting = db.prepare(`SELECT 1 FROM slots WHERE ${OPEN} AND state = 'waiting' LIMIT 1`);
  const newest = db.prepare(`SELECT ${NAMED} FROM slots WHERE schedule = ? ORDER BY due_at DESC LIMIT ?`);
  const counts = db.prepare(
    'SELECT state, sum(count) AS count FROM slots WHERE schedule = ? GROUP BY state ORDER BY state',
  );
  const runs = db.prepare(
    `SELECT ${NAMED} FROM slots WHERE schedule = ? AND outcome IS NOT NULL ORDER BY due_at DESC LIMIT ?`,
  );
  return {
    slot: ({ schedule, dueAt }) => one.all(schedule, dueAt).map(slotOf)[0],
    openSlots: () => open.all().map(slotOf),
    someSlotWaits: () => waiting.get() !== undefined,
    slots: (schedule, limit) => newest.all(schedule, limit).map(slotOf),
    slotCounts: (schedule) =>
      Object.fromEntries(counts.all(schedule).map(({ state, count }) => [state, Number(count)])),
    runs: (schedule, limit) => runs.all(schedule, limit).map(slotOf),
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
