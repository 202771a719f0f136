import { ulid } from 'ulid';
import type { Alert } from '../contract/alert.ts';
import type { Alerter } from './alerter.ts';
import type { ScheduleLedger } from './schedules.ts';

export type ScheduleAlertCode =
  | 'schedule-failed'
  | 'schedule-disabled'
  | 'schedule-lapsed'
  | 'schedule-slow'
  /** Others wait for it. */
  | 'schedule-awaited';

export interface ScheduleAlertsParts {
  ledger: Pick<ScheduleLedger, 'schedule' | 'changeSchedule'>;
  alerter: Pick<Alerter, 'raiseWithin' | 'clearWithin'>;
  host: string;
}

/** What somebody must hear of a schedule: one alert of a kind at a time. Everything happens inside a transaction. */
export class ScheduleAlerts {
  readonly #parts: ScheduleAlertsParts;

  constructor(parts: ScheduleAlertsParts) {
    this.#parts = parts;
  }

  /** False where it stands already, or there is no such schedule. */
  raise(name: string, code: ScheduleAlertCode, alert: Pick<Alert, 'severity' | 'message'>): boolean {
    const { ledger, alerter, host } = this.#parts;
    const standing = ledger.schedule(name)?.standing;
    if (!standing || code in standing) return false;
    const id = `${code}-${ulid().toLowerCase()}`;
    alerter.raiseWithin(id, { ...alert, code, subject: `schedule:${host}/${name}` });
    ledger.changeSchedule(name, { standing: { ...standing, [code]: id } });
    return true;
  }

  /** Those of these codes that stand; all where none is named. */
  clear(name: string, ...codes: ScheduleAlertCode[]): void {
    const { ledger, alerter } = this.#parts;
    const standing = Object.entries(ledger.schedule(name)?.standing ?? {});
    const isOver = ([code]: [string, string]) => codes.length === 0 || codes.some((each) => each === code);
    const over = standing.filter(isOver);
    if (over.length === 0) return;
    for (const [, id] of over) alerter.clearWithin(id);
    const left = standing.filter((entry) => !isOver(entry));
    ledger.changeSchedule(name, { standing: Object.fromEntries(left) });
  }
}
