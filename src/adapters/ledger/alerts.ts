import type { DatabaseSync } from 'node:sqlite';
import type { Alert } from '../../contract/alert.ts';
import type { Ledger } from '../../services/ledger.ts';

/** Alerts as they stand now: each change of one is a message in the outbox. */
export function alertsIn(db: DatabaseSync): Pick<Ledger, 'alerts' | 'alert'> {
  const newest = db.prepare(
    `SELECT body FROM outbox WHERE kind = 'alert'
       AND seq IN (SELECT max(seq) FROM outbox WHERE kind = 'alert' GROUP BY json_extract(body, '$.alert.alert_id'))
     ORDER BY seq DESC LIMIT 20`,
  );
  const one = db.prepare(
    `SELECT body FROM outbox WHERE kind = 'alert' AND json_extract(body, '$.alert.alert_id') = ?
     ORDER BY seq DESC LIMIT 1`,
  );
  return {
    alerts: () => newest.all().map(alertOf),
    alert: (alertId) => one.all(alertId).map(alertOf)[0],
  };
}

const alertOf = (row: Record<string, unknown>): Alert => JSON.parse(String(row['body'])).alert;
