import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { coerceError, HomeInUseError, OpsError } from '../errors.ts';

/** How long to wait for somebody who only looks. */
const WAIT_MS = 1_000;
/** SQLite's code for a lock that somebody else has. */
const SQLITE_BUSY = 5;

/**
 * Holds the home for this process: SQLite's exclusive lock on a file of its own, which dies with its holder.
 * @throws HomeInUseError when another daemon holds it, OpsError where the file cannot be used.
 */
export function lockHome(path: string): Disposable {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(path, { timeout: WAIT_MS });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (!isBusy(error)) throw unusable(path, error);
    throw new HomeInUseError('another daemon already runs on this home: see "ops status"', { cause: error });
  }
  return { [Symbol.dispose]: () => db.close() };
}

/**
 * Whether a daemon holds the home now. Only looks: a daemon that starts meanwhile is not turned away.
 * @throws OpsError where the file cannot be used.
 */
export function isHomeLocked(path: string): boolean {
  if (!existsSync(path)) return false;
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw unusable(path, error);
  } finally {
    db.close();
  }
}

const isBusy = (error: unknown): boolean => (error as { errcode?: number }).errcode === SQLITE_BUSY;

/** Nobody holds such a file, and nothing is in it. */
function unusable(path: string, error: unknown): OpsError {
  const { message } = coerceError(error);
  return new OpsError(`${path} cannot be used (${message}): remove it, and look whose it was`, { cause: error });
}
