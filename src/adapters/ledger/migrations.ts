/**
 * The ledger's tables: the nth script makes version n of version n - 1, and the first one all of it. What has been
 * released is never edited: a change is a new script at the end.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE tasks (
    task_id TEXT PRIMARY KEY, digest TEXT NOT NULL, task TEXT NOT NULL, tokens TEXT NOT NULL,
    attested_by TEXT NOT NULL, claimed_at INTEGER NOT NULL, ended_at INTEGER, outcome TEXT, reason TEXT, ops_output TEXT, undone_by TEXT
  );
  CREATE INDEX open_tasks ON tasks (claimed_at) WHERE ended_at IS NULL;
  CREATE TABLE steps (
    task_id TEXT NOT NULL, n INTEGER NOT NULL, action INTEGER NOT NULL, step TEXT NOT NULL, state TEXT NOT NULL,
    captured TEXT NOT NULL DEFAULT 'null', left TEXT NOT NULL DEFAULT 'null', message TEXT NOT NULL DEFAULT '',
    duration_ms INTEGER NOT NULL DEFAULT 0, health TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (task_id, n)
  ) WITHOUT ROWID;
  CREATE TABLE held (
    queue TEXT NOT NULL, job_id TEXT NOT NULL, digest TEXT NOT NULL, task_id TEXT NOT NULL, name TEXT NOT NULL,
    data TEXT NOT NULL, missing TEXT NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (queue, job_id)
  );
  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL, at INTEGER NOT NULL
  );
  CREATE INDEX reports_by_task ON outbox (json_extract(body, '$.evidence.task_id')) WHERE kind = 'report';
  CREATE TABLE late_tokens (token TEXT PRIMARY KEY, subject TEXT NOT NULL);
  CREATE INDEX late_tokens_by_subject ON late_tokens (subject);
  CREATE TABLE withdrawals (
    target TEXT NOT NULL, verb TEXT NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL, iat INTEGER NOT NULL,
    exp INTEGER, token TEXT NOT NULL, PRIMARY KEY (target, verb)
  ) WITHOUT ROWID;
  CREATE TABLE deliveries (job TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, event TEXT NOT NULL, task_id TEXT, detail TEXT NOT NULL, hash TEXT NOT NULL
  );
  `,
  `
  CREATE TABLE statements (
    id INTEGER PRIMARY KEY, target TEXT NOT NULL, verb TEXT NOT NULL, role TEXT NOT NULL, by TEXT NOT NULL,
    reason TEXT NOT NULL, iat INTEGER NOT NULL, exp INTEGER, jti TEXT NOT NULL, token TEXT NOT NULL,
    in_stream INTEGER NOT NULL DEFAULT 1
  );
  CREATE INDEX statements_by_target ON statements (target);
  CREATE UNIQUE INDEX statements_by_id ON statements (by, jti) WHERE verb <> 'veto';
  CREATE UNIQUE INDEX vetoes ON statements (target) WHERE verb = 'veto';
  CREATE INDEX vetoes_to_restore ON statements (id) WHERE NOT in_stream;
  INSERT INTO statements (target, verb, role, by, reason, iat, exp, jti, token)
    SELECT target, verb, '', by, reason, iat, exp, verb || ' ' || target, token FROM withdrawals;
  DROP TABLE withdrawals;
  ALTER TABLE held RENAME COLUMN expires_at TO until;
  CREATE INDEX alerts_by_id ON outbox (json_extract(body, '$.alert.alert_id')) WHERE kind = 'alert';
  `,
  `
  ALTER TABLE late_tokens ADD COLUMN by TEXT NOT NULL DEFAULT '';
  ALTER TABLE late_tokens ADD COLUMN iat INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX refusals ON outbox (json_extract(body, '$.evidence.digest'), json_extract(body, '$.evidence.reason'))
    WHERE kind = 'report';
  `,
  `
  CREATE TABLE definitions (digest TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE schedules (
    name TEXT PRIMARY KEY, digest TEXT NOT NULL, task_id TEXT NOT NULL, paused TEXT NOT NULL, accounted_until INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0, standing TEXT NOT NULL DEFAULT '{}'
  ) WITHOUT ROWID;
  CREATE TABLE slots (
    schedule TEXT NOT NULL, due_at INTEGER NOT NULL, until_at INTEGER NOT NULL, count INTEGER NOT NULL, digest TEXT NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL, late INTEGER NOT NULL, asked_by TEXT NOT NULL, attempt INTEGER NOT NULL,
    start_at INTEGER NOT NULL, claimed_at INTEGER NOT NULL, enqueued_at INTEGER, ended_at INTEGER, duration_ms INTEGER, outcome TEXT,
    PRIMARY KEY (schedule, due_at)
  ) WITHOUT ROWID;
  CREATE INDEX open_slots ON slots (state, due_at, schedule) WHERE state IN ('waiting', 'enqueued');
  `,
  `
  UPDATE steps SET step = json_set(step, '$.content', json_object('type', 'text', 'text', json_extract(step, '$.content')))
    WHERE json_extract(step, '$.kind') = 'file';
  `,
  `ALTER TABLE steps ADD COLUMN environment TEXT NOT NULL DEFAULT '[]';`,
  `ALTER TABLE tasks ADD COLUMN sources TEXT NOT NULL DEFAULT '[]';`,
  `
  CREATE TABLE releases (
    app TEXT NOT NULL, environment TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, tree TEXT NOT NULL, state TEXT NOT NULL,
    task_id TEXT NOT NULL, made_at INTEGER NOT NULL, stable_at INTEGER,
    PRIMARY KEY (app, environment, id)
  ) WITHOUT ROWID;
  `,
];
