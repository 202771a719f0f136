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
  'slot' | 'addSlot' | 'changeSlot' | 'removeSlot' | 'openSlots' | 'slots' | 'slotCounts'
>;

export function slotsIn(db: DatabaseSync): SlotPart & { forgetAfter: (at: number) => void } {
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
  const forget = db.prepare("DELETE FROM slots WHERE due_at > ? AND state IN ('waiting', 'missed', 'skipped')");
  const slot = ({ schedule, dueAt }: SlotPlace) => one.all(schedule, dueAt).map(slotOf)[0];
  return {
    slot,
    openSlots: () => open.all().map(slotOf),
    slots: (schedule, limit) => newest.all(schedule, limit).map(slotOf),
    slotCounts: (schedule) =>
      Object.fromEntries(counts.all(schedule).map(({ state, count }) => [state, Number(count)])),
    addSlot: (added) => insert.run(valuesOf(added)).changes > 0,
    changeSlot: (place, change) => {
      const before = slot(place);
      if (before) replace.run(valuesOf({ ...before, ...change }));
    },
    removeSlot: ({ schedule, dueAt }) => {
      remove.run(schedule, dueAt);
    },
    forgetAfter: (at) => {
      forget.run(at);
    },
  };
}

const valuesOf = (slot: SlotRecord): Record<string, SQLInputValue> => ({ ...slot, late: Number(slot.late) });

const slotOf = (row: Record<string, SQLInputValue>): SlotRecord =>
  ({ ...row, late: row['late'] === 1 }) as unknown as SlotRecord;
