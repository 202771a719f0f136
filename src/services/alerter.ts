import { ulid } from 'ulid';
import type { Alert } from '../contract/alert.ts';
import { utcTime } from '../contract/names.ts';
import { Flood } from './flood.ts';
import type { Ledger } from './ledger.ts';
import type { Clock } from './ports.ts';

export interface AlerterParts {
  ledger: Ledger;
  clock: Clock;
  /** What every alert says of the host it comes from. */
  host: { name: string; version: string; dev: boolean };
  /** Told when there is something to publish. */
  onAppend: () => void;
}

/** What somebody must hear of. */
export type Told = Pick<Alert, 'severity' | 'code' | 'subject' | 'message'>;

/** Writes what somebody must hear of into the outbox: each change of an alert is a message of its own. */
export class Alerter {
  readonly #parts: AlerterParts;

  constructor(parts: AlerterParts) {
    this.#parts = parts;
  }

  /** `id` is the alert's name for ever: acknowledging and clearing refer to it. */
  async raise(id: string, alert: Told): Promise<void> {
    await this.#parts.ledger.commit(() => this.raiseWithin(id, alert));
    this.#parts.onAppend();
  }

  /** The same inside a transaction; who commits it sees to it that it is published. */
  raiseWithin(id: string, alert: Told): void {
    const raised_at = utcTime(this.#parts.clock.now());
    this.#append({ alert_id: id, state: 'raised', ...alert, raised_at, changes: [] });
  }

  /** Somebody takes care of an alert that was raised here. False where none waits for it. Inside a transaction. */
  acknowledge(alertId: string): boolean {
    const alert = this.#parts.ledger.alert(alertId);
    if (alert?.state !== 'raised') return false;
    this.#append({ ...alert, state: 'acknowledged' });
    return true;
  }

  /** What an alert told of is over. */
  async clear(alertId: string): Promise<void> {
    const cleared = await this.#parts.ledger.commit(() => this.clearWithin(alertId));
    if (cleared) this.#parts.onAppend();
  }

  /** The same inside a transaction. False where it was over already. */
  clearWithin(alertId: string): boolean {
    const alert = this.#parts.ledger.alert(alertId);
    if (!alert || alert.state === 'cleared') return false;
    this.#append({ ...alert, state: 'cleared' });
    return true;
  }

  /** Lets 60 a minute through; how many more there were is told by one alert. */
  flood(code: string, message: (count: number) => string): Flood {
    const { clock, host } = this.#parts;
    return new Flood(clock, async (count) => {
      const id = `${code}-${ulid().toLowerCase()}`;
      await this.raise(id, { severity: 'warning', code, subject: `host:${host.name}`, message: message(count) });
    });
  }

  #append(alert: Alert): void {
    const { ledger, host } = this.#parts;
    const { name, version, dev } = host;
    ledger.append('alert', `${alert.alert_id}-${alert.state}`, (seq) => ({
      alert,
      evidence: { seq, host: name, version, ...(dev && { dev: true as const }), audit: ledger.auditHead() },
    }));
  }
}
