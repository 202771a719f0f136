import { coerceError, OpsError } from '../../errors.ts';

/** Of a table that has a `task_id`. */
export type Row = Record<string, string | number | null>;

/** What the JSON of a column says. @throws OpsError naming what is damaged. */
export function jsonIn(row: Row, column: string) {
  try {
    return JSON.parse(String(row[column]));
  } catch (error) {
    const what = `${column} of ${row['task_id']}`;
    throw new OpsError(`the ledger is damaged, ${what} cannot be read: ${coerceError(error).message}`, {
      cause: error,
    });
  }
}
