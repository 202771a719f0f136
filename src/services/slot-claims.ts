import { ulid } from 'ulid';
import { account, type SlotRange, slotRange } from '../schedule/accounting.ts';
import type { Timetable } from '../schedule/slots.ts';
import type { Alerter } from './alerter.ts';
import type { DueTimes } from './due-times.ts';
import type { Ledger } from './ledger.ts';
import type { Obstacle, Obstacles } from './obstacles.ts';
import type { ScheduleAlerts } from './schedule-alerts.ts';
import type { ScheduleRecord, SlotRecord, SlotState } from './schedules.ts';
import { newSlot, passedSlots } from './slot-records.ts';

export interface SlotClaimsParts {
  ledger: Ledger;
  times: DueTimes;
  obstacles: Obstacles;
  alerter: Pick<Alerter, 'raiseWithin'>;
  alerts: ScheduleAlerts;
  host: string;
}

interface Missed extends SlotRange {
  name: string;
}

/** Claims slots that are due: it is written once and for all what is to become of each. */
export class SlotClaims {
  readonly #parts: SlotClaimsParts;

  constructor(parts: SlotClaimsParts) {
    this.#parts = parts;
  }

  /** Resolves when the slots that are due are claimed, on the disk. */
  async claim(now: number): Promise<void> {
    const { ledger, times } = this.#parts;
    const due = times.due(now);
    if (due.length === 0) return;
    await ledger.commit(() =>
      this.#tellMissed(due.flatMap(({ name, timetable }) => this.#claimOf(name, timetable, now) ?? [])),
    );
    for (const { name } of due) times.read(name);
  }

  /** Before a schedule becomes another one: what fell due until then is its own. Inside a transaction. */
  account(name: string, now: number): void {
    const record = this.#parts.ledger.schedule(name);
    if (!record) return;
    const timetable = this.#parts.times.timetableOf(record);
    const missed = typeof timetable === 'string' ? null : this.#claimOf(name, timetable, now);
    if (missed) this.#tellMissed([missed]);
  }

  #claimOf(name: string, timetable: Timetable, now: number): Missed | null {
    const { ledger, alerts } = this.#parts;
    const record = ledger.schedule(name);
    if (!record) return null;
    const validUntil = Date.parse(record.definition.valid_until);
    const until = Math.min(now, validUntil);
    // The clock may have been set back.
    if (until <= record.accountedUntil) return null;
    const missed = this.#write(record, timetable, until, now);
    ledger.changeSchedule(name, { accountedUntil: until });
    if (until === validUntil) {
      const message = `the definition of ${name} was valid until ${record.definition.valid_until}: have it defined anew`;
      alerts.raise(name, 'schedule-lapsed', { severity: 'warning', message });
    }
    return missed && { ...missed, name };
  }

  #write(record: ScheduleRecord, timetable: Timetable, until: number, now: number): SlotRange | null {
    const { name, definition, digest, accountedUntil } = record;
    const obstacle = this.#parts.obstacles.obstacle(record, until - 1);
    if (obstacle) {
      const range = slotRange(timetable, accountedUntil, until);
      if (range) this.#writeObstructed(record, range, obstacle, now);
      return null;
    }
    const { run, missed } = account(timetable, definition.catch_up, accountedUntil, until, now);
    if (missed) this.#writePassed(record, missed, { state: 'missed', reason: 'this host could not run them' }, now);
    for (const slot of run) this.#parts.ledger.addSlot(newSlot({ schedule: name, digest, claimedAt: now, ...slot }));
    return missed;
  }

  /** Whoever paused it knows that it does not run. */
  #writeObstructed(record: ScheduleRecord, range: SlotRange, obstacle: Obstacle, now: number): void {
    this.#writePassed(record, range, obstacle, now);
    if (obstacle.state === 'vetoed' || record.paused !== '') return;
    const message = `${obstacle.reason}: have it defined anew`;
    this.#parts.alerts.raise(record.name, 'schedule-lapsed', { severity: 'warning', message });
  }

  #writePassed(
    { name: schedule, digest }: ScheduleRecord,
    range: SlotRange,
    { state, reason }: { state: SlotState; reason: string },
    now: number,
  ): void {
    const { ledger } = this.#parts;
    const passed = passedSlots(range, { schedule, digest, state, reason, claimedAt: now });
    const [newest] = ledger.slots(schedule, 1);
    if (newest && goesOn(newest, passed))
      return ledger.changeSlot(newest, { untilAt: range.until, count: newest.count + range.count, endedAt: now });
    ledger.addSlot(passed);
    const detail = { schedule, slots: range.count, from: range.from, until: range.until };
    ledger.audit({ event: `slots-${state}`, detail }, { outcome: state, reason });
  }

  /** One alert for all, because they have one cause. */
  #tellMissed(missed: readonly Missed[]): void {
    if (missed.length === 0) return;
    const { alerter, host } = this.#parts;
    const total = missed.reduce((sum, { count }) => sum + count, 0);
    const each = missed.slice(0, 20).map(({ name, count }) => `${name} ${count}`);
    const more = missed.length > each.length ? `, and ${missed.length - each.length} more schedules` : '';
    alerter.raiseWithin(`slots-missed-${ulid().toLowerCase()}`, {
      severity: 'warning',
      code: 'slots-missed',
      subject: `host:${host}`,
      message: `${total} slots were due while this host could not run them, and are not caught up: ${each.join(', ')}${more}`,
    });
  }
}

/** Slots that pass one after another for one reason, of a schedule that is paused for a month, say, are told by one record. */
function goesOn(newest: SlotRecord, next: SlotRecord): boolean {
  const isPassed = newest.enqueuedAt === null && newest.askedBy === '' && newest.endedAt !== null && !newest.late;
  return (
    isPassed &&
    newest.attempt === 1 &&
    (['digest', 'state', 'reason'] as const).every((key) => newest[key] === next[key])
  );
}
