import type { DatabaseSync } from 'node:sqlite';
import type { Definition } from '../../schedule/definition.ts';
import type { ScheduleLedger, ScheduleRecord, SlotRecord } from '../../services/schedules.ts';
import type { Row } from './row.ts';
import { slotsIn } from './slots.ts';

/** So many definitions are kept parsed, because each slot needs its own a dozen times: some 2 KB each. */
const MOST_KEPT = 2_000;

/** What is new, or goes on after a pause, begins with no failures and no slots before now. */
const PUT = `INSERT INTO schedules (name, digest, task_id, paused, accounted_until) VALUES (:name, :digest, :task_id, :paused, :at)
 ON CONFLICT (name) DO UPDATE SET digest = :digest, task_id = :task_id, paused = :paused,
   accounted_until = max(accounted_until, :at),
   failures = CASE WHEN digest = :digest AND (:paused <> '' OR paused = '') THEN failures ELSE 0 END`;

const CHANGE = `UPDATE schedules SET paused = coalesce(:paused, paused), accounted_until = coalesce(:accountedUntil, accounted_until),
   failures = coalesce(:failures, failures), standing = coalesce(:standing, standing) WHERE name = :name`;

export interface SchedulePart extends ScheduleLedger {
  /** The clock was ahead: what was written of slots that are due later and did not run is forgotten. */
  forgetSlotsAfter: (at: number, begun: (slot: SlotRecord) => boolean) => void;
}

export function schedulesIn(db: DatabaseSync): SchedulePart {
  const { definition, addDefinition } = definitionsIn(db);
  const one = db.prepare('SELECT * FROM schedules WHERE name = ?');
  const all = db.prepare('SELECT * FROM schedules ORDER BY name');
  const remove = db.prepare('DELETE FROM schedules WHERE name = ?');
  const put = db.prepare(PUT);
  const change = db.prepare(CHANGE);
  const rewind = db.prepare('UPDATE schedules SET accounted_until = min(accounted_until, ?)');
  const rewindOne = db.prepare('UPDATE schedules SET accounted_until = min(accounted_until, ?) WHERE name = ?');
  const { forgetAfter, ...slots } = slotsIn(db);
  const scheduleOf = (row: Row): ScheduleRecord => recordOf(row, definition(String(row['digest'])));
  return {
    ...slots,
    definition,
    addDefinition,
    schedule: (name) => (one.all(name) as Row[]).map(scheduleOf)[0],
    schedules: () => (all.all() as Row[]).map(scheduleOf),
    putSchedule: (name, row, at) => {
      if (row === null) remove.run(name);
      else put.run({ name, ...row, at });
    },
    changeSchedule: (name, { paused, accountedUntil, failures, standing }) => {
      const json = standing ? JSON.stringify(standing) : null;
      change.run({
        name,
        paused: paused ?? null,
        accountedUntil: accountedUntil ?? null,
        failures: failures ?? null,
        standing: json,
      });
    },
    forgetSlotsAfter: (at, begun) => {
      rewind.run(at);
      // A record of several slots may begin before that time: all of them are looked at anew.
      for (const { schedule, dueAt } of forgetAfter(at, begun)) rewindOne.run(dueAt - 1, schedule);
    },
  };
}

interface Definitions {
  definition: (digest: string) => Definition | undefined;
  addDefinition: (digest: string, definition: object) => void;
}

/** What a digest means never changes. It was valid when it was signed; a later version may be stricter. */
function definitionsIn(db: DatabaseSync): Definitions {
  const one = db.prepare('SELECT definition FROM definitions WHERE digest = ?');
  const add = db.prepare('INSERT OR IGNORE INTO definitions (digest, definition) VALUES (?, ?)');
  const kept = new Map<string, Definition>();
  return {
    definition: (digest) => {
      const known = kept.get(digest);
      if (known) return known;
      const [definition] = (one.all(digest) as Row[]).map((row): Definition => JSON.parse(String(row['definition'])));
      if (!definition) return undefined;
      if (kept.size >= MOST_KEPT) kept.clear();
      kept.set(digest, definition);
      return definition;
    },
    addDefinition: (digest, definition) => {
      add.run(digest, JSON.stringify(definition));
    },
  };
}

function recordOf(row: Row, definition: Definition | undefined): ScheduleRecord {
  if (!definition) throw new Error(`the ledger is damaged: it has no definition of ${row['name']}`);
  return {
    name: String(row['name']),
    definition,
    digest: String(row['digest']),
    task_id: String(row['task_id']),
    paused: String(row['paused']),
    accountedUntil: Number(row['accounted_until']),
    failures: Number(row['failures']),
    standing: JSON.parse(String(row['standing'])),
  };
}
