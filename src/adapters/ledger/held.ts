import type { DatabaseSync } from 'node:sqlite';
import type { HeldTask, Ledger } from '../../services/ledger.ts';

export function heldIn(db: DatabaseSync): Pick<Ledger, 'hold' | 'held' | 'heldData' | 'release' | 'releaseAll'> {
  const put = db.prepare(
    'INSERT OR REPLACE INTO held (digest, task_id, queue, job_id, name, data, missing, until) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const all = db.prepare(
    "SELECT digest, task_id, queue, job_id, name, json_extract(data, '$.task.plan_id') AS plan_id, missing, until FROM held ORDER BY until",
  );
  const one = db.prepare('SELECT data FROM held WHERE queue = ? AND job_id = ?');
  const remove = db.prepare('DELETE FROM held WHERE queue = ? AND job_id = ?');
  const removeAll = db.prepare('DELETE FROM held WHERE digest = ?');
  return {
    hold: ({ digest, task_id, queue, jobId, name, data, missing, until }) => {
      put.run(digest, task_id, queue, jobId, name, JSON.stringify(data), JSON.stringify(missing), until);
    },
    held: () => all.all().map(heldOf),
    heldData: ({ queue, jobId }) => {
      const row = one.get(queue, jobId);
      return row && JSON.parse(String(row['data']));
    },
    release: ({ queue, jobId }) => {
      remove.run(queue, jobId);
    },
    releaseAll: (digest) => {
      removeAll.run(digest);
    },
  };
}

function heldOf(row: Record<string, unknown>): HeldTask {
  return {
    digest: String(row['digest']),
    task_id: String(row['task_id']),
    queue: String(row['queue']),
    jobId: String(row['job_id']),
    name: String(row['name']),
    plan_id: row['plan_id'] as string | null,
    missing: JSON.parse(String(row['missing'])),
    until: Number(row['until']),
  };
}
