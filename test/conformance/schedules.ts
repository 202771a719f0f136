import { systemClock } from '../../src/adapters/clock.ts';
import { utcTime } from '../../src/contract/names.ts';
import { scheduleFacts } from '../../src/services/schedule-facts.ts';
import { definition } from '../support/definitions.ts';
import type { Place } from './trial.ts';

const DAY_MS = 24 * 3600_000;

/** Until when a definition of these trials is valid. */
export const validUntil = (): string => utcTime(Date.now() + 30 * DAY_MS);

/** Has the schedule `backup` defined. */
export const define = (place: Place, more: object = {}): Promise<void> =>
  place.perform({ action: 'cron.define', with: { ...definition({ valid_until: validUntil() }), ...more } });

/** Has it paused. */
export const pause = (place: Place, reason: string): Promise<void> =>
  place.perform({ action: 'cron.pause', with: { schedule: 'backup', reason } });

/** What the ledger says of `backup`, and its slots. */
export const rowOf = async ({ ledger }: Place) => ({
  row: scheduleFacts(ledger, systemClock).fact('backup'),
  definition: ledger.schedule('backup')?.definition,
  slots: ledger.slots('backup', 10).map(({ dueAt }) => dueAt),
});
