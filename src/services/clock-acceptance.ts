import type { ClockAcceptance } from '../contract/clock.ts';
import { utcTime } from '../contract/names.ts';
import type { Ledger } from './ledger.ts';
import type { Verifier } from './ports.ts';

/** Where `ops clock accept` leaves an operator's statement for the daemon. */
export interface ClockRequests {
  /** The statement that waits, if one does; it is gone afterwards. */
  take(): string | null;
}

export interface ClockAcceptancesParts {
  host: string;
  ledger: Ledger;
  requests: ClockRequests;
  verifier: Pick<Verifier, 'clockAcceptance'>;
  /** Told that the time is another one. */
  onAccepted: () => void;
}

/** Lets this host's operator say that its clock is right, and the latest time seen here was not. */
export class ClockAcceptances {
  readonly #parts: ClockAcceptancesParts;

  constructor(parts: ClockAcceptancesParts) {
    this.#parts = parts;
  }

  /** Follows the statement that waits, if one does. */
  async takeUp(): Promise<void> {
    const { requests, verifier, ledger } = this.#parts;
    const token = requests.take();
    if (token === null) return;
    const verified = await verifier.clockAcceptance(token);
    const problem = await ledger.commit(() => {
      const found = 'problem' in verified ? verified.problem : this.#accept(verified.claims);
      if (found !== null)
        ledger.audit({ event: 'clock-not-accepted' }, { outcome: 'refused', reason: `the statement ${found}` });
      return found;
    });
    if (problem === null) this.#parts.onAccepted();
  }

  #accept({ iss, host, wrong, right }: ClockAcceptance): string | null {
    const { ledger } = this.#parts;
    if (host !== this.#parts.host) return `is for the host ${host}`;
    if (!ledger.acceptTime(wrong, right)) return `is about ${utcTime(wrong)}, which is not the latest time seen here`;
    const detail = { by: iss, wrong: utcTime(wrong), right: utcTime(right) };
    ledger.audit({ event: 'clock-accepted', detail }, { outcome: 'accepted' });
    return null;
  }
}
