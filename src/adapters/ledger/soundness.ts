import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './database.ts';

/**
 * Refuses a file that is damaged, or cannot be written, before anything is built on it. The whole file is read, its
 * indexes too, by which a task_id is found to be used up: 0.7 ms for each MB.
 * @throws what is wrong with it.
 */
export function proveSound(db: DatabaseSync, firstWrite: () => void): void {
  const verdict = db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
  if (verdict !== 'ok') throw new Error(String(verdict));
  inTransaction(db, firstWrite);
}
