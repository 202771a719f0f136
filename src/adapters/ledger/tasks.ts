import type { DatabaseSync } from 'node:sqlite';
import type { StepRecord } from '../../planning/record.ts';
import { undoProblem } from '../../planning/record.ts';
import type { Ledger, TaskRecord } from '../../services/ledger.ts';
import { jsonIn, type Row } from './row.ts';

type TaskPart = Pick<
  Ledger,
  'task' | 'openTasks' | 'recentTasks' | 'claim' | 'conclude' | 'markUndone' | 'sources' | 'noteSources'
>;

export function tasksIn(db: DatabaseSync): TaskPart {
  const one = db.prepare('SELECT * FROM tasks WHERE task_id = ?');
  const open = db.prepare('SELECT * FROM tasks WHERE ended_at IS NULL ORDER BY rowid');
  const recent = db.prepare('SELECT * FROM tasks ORDER BY rowid DESC LIMIT ?');
  const insert = db.prepare(
    'INSERT INTO tasks (task_id, digest, task, tokens, attested_by, claimed_at) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const end = db.prepare(
    'UPDATE tasks SET ended_at = ?, outcome = ?, reason = ?, ops_output = ? WHERE task_id = ? AND ended_at IS NULL',
  );
  const sources = db.prepare('SELECT sources FROM tasks WHERE task_id = ?');
  const note = db.prepare('UPDATE tasks SET sources = ? WHERE task_id = ?');
  const undone = db.prepare('UPDATE tasks SET undone_by = ? WHERE task_id = ?');
  return {
    task: (taskId) => fromRow(one.get(taskId) as Row | undefined),
    openTasks: () => open.all().map((row) => taskOf(row as Row)),
    recentTasks: (limit) => recent.all(limit).map((row) => taskOf(row as Row)),
    claim: ({ task, digest, tokens, attestedBy, claimedAt }) => {
      const json = [task, tokens, attestedBy].map((value) => JSON.stringify(value));
      insert.run(task.task_id, digest, ...json, claimedAt);
    },
    conclude: (taskId, { at, outcome, reason, opsOutput }) => {
      const { changes } = end.run(at, outcome, reason, JSON.stringify(opsOutput), taskId);
      if (changes !== 1) throw new Error(`the ledger has no open task ${taskId}`);
    },
    markUndone: (taskId, by) => {
      undone.run(by, taskId);
    },
    sources: (taskId) => {
      const row = sources.get(taskId) as Row | undefined;
      return row ? jsonIn(row, 'sources') : [];
    },
    noteSources: (taskId, trees) => {
      note.run(JSON.stringify(trees), taskId);
    },
  };
}

/** Why a task cannot be undone as asked, or null where it can. */
export function undoProblemOf(record: TaskRecord, steps: readonly StepRecord[], action?: number): string | null {
  if ('undo' in record.task) return 'an undo cannot be undone; submit the work again';
  if (!record.ended) return 'it has not ended yet';
  return undoProblem(steps, action);
}

function fromRow(row: Row | undefined): TaskRecord | undefined {
  return row && taskOf(row);
}

function taskOf(row: Row): TaskRecord {
  return {
    task: jsonIn(row, 'task'),
    digest: String(row['digest']),
    tokens: jsonIn(row, 'tokens'),
    attestedBy: jsonIn(row, 'attested_by'),
    claimedAt: Number(row['claimed_at']),
    ended: row['ended_at'] === null ? null : endedOf(row),
    undoneBy: row['undone_by'] as string | null,
  };
}

function endedOf(row: Row): NonNullable<TaskRecord['ended']> {
  return {
    at: Number(row['ended_at']),
    outcome: row['outcome'] as NonNullable<TaskRecord['ended']>['outcome'],
    reason: row['reason'] as string | null,
    opsOutput: jsonIn(row, 'ops_output'),
  };
}
