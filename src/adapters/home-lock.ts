import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OpsError } from '../errors.ts';

/**
 * Holds the home for this process: SQLite's exclusive lock on a file of its own, which dies with its holder.
 * @throws OpsError when another daemon holds it.
 */
export function lockHome(path: string): Disposable {
  const db = open(path);
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    throw new OpsError('another daemon already runs on this home: see "ops status"', { cause: error });
  }
  return { [Symbol.dispose]: () => db.close() };
}

/** Whether a daemon holds the home now. */
export function isHomeLocked(path: string): boolean {
  try {
    lockHome(path)[Symbol.dispose]();
    return false;
  } catch {
    return true;
  }
}

function open(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return new DatabaseSync(path, { timeout: 0 });
}
