import type { DatabaseSync } from 'node:sqlite';
import type { Definition } from '../../schedule/definition.ts';
import type { ScheduleLedger, ScheduleRecord, SlotRecord } from '../../services/schedules.ts';
import type { Row } from './row.ts';
import { slotsIn } from './slots.ts';

const WHOLE =
  'SELECT name, digest, task_id, paused, accounted_until, failures, standing, definition FROM schedules JOIN definitions USING (digest)';

/** What is new, or goes on after a pause, begins with no failures and no slots before now. */
const PUT = `INSERT INTO schedules (name, digest, task_id, paused, accounted_until) VALUES (:name, :digest, :task_id, :paused, :at)
 ON CONFLICT (name) DO UPDATE SET digest = :digest, task_id = :task_id, paused = :paused,
   accounted_until = max(accounted_until, :at),
   failures = CASE WHEN digest = :digest AND paused = :paused THEN failures ELSE 0 END`;

export interface SchedulePart extends ScheduleLedger {
  /** The clock was ahead: what was written of slots that are due later and did not run is forgotten. */
  forgetSlotsAfter: (at: number, begun: (slot: SlotRecord) => boolean) => void;
}

export function schedulesIn(db: DatabaseSync): SchedulePart {
  const one = db.prepare(`${WHOLE} WHERE name = ?`);
  const all = db.prepare(`${WHOLE} ORDER BY name`);
  const remove = db.prepare('DELETE FROM schedules WHERE name = ?');
  const put = db.prepare(PUT);
  const change = db.prepare(
    `UPDATE schedules SET paused = coalesce(:paused, paused), accounted_until = coalesce(:accountedUntil, accounted_until),
       failures = coalesce(:failures, failures), standing = coalesce(:standing, standing) WHERE name = :name`,
  );
  const rewind = db.prepare('UPDATE schedules SET accounted_until = min(accounted_until, ?)');
  const rewindOne = db.prepare('UPDATE schedules SET accounted_until = min(accounted_until, ?) WHERE name = ?');
  const { forgetAfter, ...slots } = slotsIn(db);
  return {
    ...definitionsIn(db),
    ...slots,
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

function definitionsIn(db: DatabaseSync): Pick<ScheduleLedger, 'definition' | 'addDefinition'> {
  const one = db.prepare('SELECT definition FROM definitions WHERE digest = ?');
  const add = db.prepare('INSERT OR IGNORE INTO definitions (digest, definition) VALUES (?, ?)');
  return {
    definition: (digest) => (one.all(digest) as Row[]).map(definitionOf)[0],
    addDefinition: (digest, content) => {
      add.run(digest, JSON.stringify(content));
    },
  };
}

/** It was valid when it was signed; a later version may be stricter. */
const definitionOf = (row: Row): Definition => JSON.parse(String(row['definition']));

function scheduleOf(row: Row): ScheduleRecord {
  return {
    name: String(row['name']),
    definition: definitionOf(row),
    digest: String(row['digest']),
    task_id: String(row['task_id']),
    paused: String(row['paused']),
    accountedUntil: Number(row['accounted_until']),
    failures: Number(row['failures']),
    standing: JSON.parse(String(row['standing'])),
  };
}
