import type { DatabaseSync } from 'node:sqlite';
import type { Ledger, OutboxRow, ReportedOutcome } from '../../services/ledger.ts';
import type { Clock } from '../../services/ports.ts';

type OutboxPart = Pick<
  Ledger,
  'append' | 'messagesAfter' | 'reports' | 'wasRefused' | 'outcomesAfter' | 'lastSeqBefore' | 'reportedHeads'
>;

export function outboxIn(db: DatabaseSync, clock: Clock): OutboxPart {
  const last = db.prepare('SELECT max(seq) AS seq FROM outbox');
  const insert = db.prepare('INSERT INTO outbox (seq, kind, id, body, at) VALUES (?, ?, ?, ?, ?)');
  const after = db.prepare('SELECT seq, kind, id, body FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?');
  const before = db.prepare('SELECT seq FROM outbox WHERE at < ? ORDER BY seq DESC LIMIT 1');
  const report = db.prepare(
    "SELECT body FROM outbox WHERE kind = 'report' AND json_extract(body, '$.evidence.task_id') = ? ORDER BY json_extract(body, '$.evidence.final') DESC, seq DESC LIMIT 20",
  );
  const refusal = db.prepare(
    `SELECT 1 FROM outbox WHERE kind = 'report' AND json_extract(body, '$.evidence.digest') = ?
       AND json_extract(body, '$.evidence.reason') = ? LIMIT 1`,
  );
  const outcomes = db.prepare(
    `SELECT seq, json_extract(body, '$.evidence.outcome') AS outcome, max(0, tasks.ended_at - tasks.claimed_at) AS durationMs
     FROM outbox LEFT JOIN tasks
       ON json_extract(body, '$.evidence.final') AND tasks.task_id = json_extract(body, '$.evidence.task_id')
     WHERE seq > ? AND kind = 'report' ORDER BY seq LIMIT ?`,
  );
  const heads = db.prepare(
    "SELECT json_extract(body, '$.evidence.audit.seq') AS seq, json_extract(body, '$.evidence.audit.head') AS head FROM outbox",
  );
  return {
    reportedHeads: () => heads.all().map(({ seq, head }) => ({ seq: Number(seq), head: String(head) })),
    reports: (taskId) => report.all(taskId).map((row) => JSON.parse(String(row['body']))),
    wasRefused: (digest, reason) => refusal.get(digest, reason) !== undefined,
    outcomesAfter: (seq, limit) => outcomes.all(seq, limit) as unknown as ReportedOutcome[],
    append: (kind, id, body) => {
      const seq = Number(last.get()?.['seq'] ?? 0) + 1;
      const row: OutboxRow = { seq, kind, id, body: body(seq) };
      insert.run(seq, kind, id, JSON.stringify(row.body), clock.now());
      return row;
    },
    messagesAfter: (seq, limit) => after.all(seq, limit).map(rowOf),
    lastSeqBefore: (at) => Number(before.get(at)?.['seq'] ?? 0),
  };
}

function rowOf(row: Record<string, unknown>): OutboxRow {
  return {
    seq: Number(row['seq']),
    kind: row['kind'] as OutboxRow['kind'],
    id: String(row['id']),
    body: JSON.parse(String(row['body'])),
  };
}
