import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { coerceError, OpsError } from '../../errors.ts';
import { MIGRATIONS } from './migrations.ts';

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
  const problem = problemWith(versionOf(db), options);
  if (problem) {
    db.close();
    throw new OpsError(`the ledger ${path} ${problem}`);
  }
  if (options.readOnly) return db;
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1;',
  );
  migrate(db, MIGRATIONS);
  return db;
}

function problemWith(version: number, { readOnly }: { readOnly?: boolean }): string | null {
  const known = MIGRATIONS.length;
  if (version > known) return `is of a newer version (${version}, this one knows ${known}): upgrade savorg-ops`;
  if (readOnly && version < known)
    return `is of an older version (${version}, this one knows ${known}): start the daemon, which brings it up to date`;
  return null;
}

const versionOf = (db: DatabaseSync): number => Number(db.prepare('PRAGMA user_version').get()?.['user_version']);

/** Runs the scripts that this database has not seen yet: all of them, or none. */
export function migrate(db: DatabaseSync, scripts: readonly string[]): void {
  const missing = scripts.slice(versionOf(db));
  if (missing.length > 0)
    inTransaction(db, () => db.exec(`${missing.join('')} PRAGMA user_version = ${scripts.length};`));
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
