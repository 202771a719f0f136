import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { coerceError, OpsError } from '../../errors.ts';

const VERSION = 1;

const SCHEMA = `
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
`;

/**
 * Opens the ledger's file, making it on the first start.
 * Every commit is on the disk when it returns: WAL with FULL, and on macOS F_FULLFSYNC instead of a drive's cache.
 */
export function openDatabase(path: string, options: { readOnly?: boolean } = {}): DatabaseSync {
  if (options.readOnly && !existsSync(path)) {
    throw new OpsError(`there is no ledger ${path}: start the daemon with "ops up", or name its home with --home`);
  }
  try {
    return opened(path, options);
  } catch (error) {
    if (error instanceof OpsError) throw error;
    throw new OpsError(`the ledger ${path} cannot be used: ${coerceError(error).message}`, { cause: error });
  }
}

function opened(path: string, options: { readOnly?: boolean }): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: options.readOnly ?? false, timeout: 5_000 });
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > VERSION) {
    db.close();
    throw new OpsError(
      `the ledger ${path} is of a newer version (${version}, this one knows ${VERSION}): upgrade savorg-ops`,
    );
  }
  if (options.readOnly) return db;
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1;',
  );
  if (version === 0) inTransaction(db, () => db.exec(`${SCHEMA} PRAGMA user_version = ${VERSION};`));
  return db;
}

/** All of `work`, or nothing when it throws. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
