import type { DatabaseSync } from 'node:sqlite';
import type { StepRecord } from '../../planning/record.ts';
import type { Ledger } from '../../services/ledger.ts';
import { jsonIn, type Row } from './row.ts';

export function stepsIn(db: DatabaseSync): Pick<Ledger, 'steps' | 'addSteps' | 'changeStep' | 'laterTaskOn'> {
  const all = db.prepare('SELECT * FROM steps WHERE task_id = ? ORDER BY n');
  const insert = db.prepare("INSERT INTO steps (task_id, n, action, step, state) VALUES (?, ?, ?, ?, 'planned')");
  const update = db.prepare(
    `UPDATE steps SET state = ?, captured = coalesce(?, captured), left = coalesce(?, left),
       message = coalesce(?, message), duration_ms = coalesce(?, duration_ms), health = coalesce(?, health),
       environment = coalesce(?, environment)
     WHERE task_id = ? AND n = ?`,
  );
  const later = db.prepare(
    `SELECT s.task_id FROM steps s JOIN tasks t USING (task_id)
     WHERE s.state = 'applied' AND json_extract(s.step, '$.kind') = :kind AND json_extract(s.step, '$.target') = :target
       AND (:task IS NULL OR t.rowid > (SELECT rowid FROM tasks WHERE task_id = :task)) ORDER BY t.rowid DESC LIMIT 1`,
  );
  return {
    laterTaskOn: ({ kind, target }, task) => later.get({ kind, target, task })?.['task_id'] as string | undefined,
    steps: (taskId) => all.all(taskId).map((row) => stepOf(row as Row)),
    addSteps: (taskId, steps) => {
      for (const { n, action, step } of steps) insert.run(taskId, n, action, JSON.stringify(step));
    },
    changeStep: (taskId, n, { state, captured, left, message, durationMs, health, environment }) => {
      const told = [message ?? null, durationMs ?? null, json(health), json(environment)] as const;
      const change = [state, json(captured), json(left), ...told] as const;
      const { changes } = update.run(...change, taskId, n);
      if (changes !== 1) throw new Error(`the ledger has no step ${n} of ${taskId}`);
    },
  };
}

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

function stepOf(row: Row): StepRecord {
  const parsed = (column: string) => jsonIn(row, column);
  return {
    n: Number(row['n']),
    action: Number(row['action']),
    step: parsed('step'),
    state: row['state'] as StepRecord['state'],
    captured: parsed('captured'),
    left: parsed('left'),
    message: String(row['message']),
    durationMs: Number(row['duration_ms']),
    health: parsed('health'),
    environment: parsed('environment'),
  };
}
