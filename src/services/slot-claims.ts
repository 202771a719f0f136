import { ulid } from 'ulid';
import { account, type SlotRange, slotRange } from '../schedule/accounting.ts';
import { nextSlot, type Timetable } from '../schedule/slots.ts';
import { readTimetable } from '../schedule/timetable.ts';
import type { Alerter } from './alerter.ts';
import type { Ledger } from './ledger.ts';
import type { Obstacle, Obstacles } from './obstacles.ts';
import type { ScheduleAlerts } from './schedule-alerts.ts';
import type { ScheduleRecord, SlotRecord, SlotState } from './schedules.ts';
import { newSlot, passedSlots } from './slot-records.ts';

export interface SlotClaimsParts {
  ledger: Ledger;
  obstacles: Obstacles;
  alerter: Pick<Alerter, 'raiseWithin'>;
  alerts: ScheduleAlerts;
  host: string;
}

interface Known {
  timetable: Timetable;
  /** When there is something to write of it: a slot is due, or it is valid no more. Null: never again. */
  nextAt: number | null;
}

interface Missed extends SlotRange {
  name: string;
}

/** Claims slots that are due: it is written once and for all what is to become of each. */
export class SlotClaims {
  readonly #parts: SlotClaimsParts;
  readonly #known = new Map<string, Known>();

  constructor(parts: SlotClaimsParts) {
    this.#parts = parts;
  }

  /** Reads all schedules anew: at the start, and where the time is another one. */
  readAll(): void {
    this.#known.clear();
    for (const record of this.#parts.ledger.schedules()) this.#remember(record);
  }

  /** This schedule changed. */
  read(name: string): void {
    const record = this.#parts.ledger.schedule(name);
    if (record) this.#remember(record);
    else this.#known.delete(name);
  }

  /** The seconds of a minute in which slots are due, for each pattern of them. */
  seconds(): ReadonlySet<string> {
    return new Set([...this.#known.values()].map(({ timetable }) => timetable.pattern.seconds.join(',')));
  }

  /** When something is next to be written of a schedule; null where never. */
  nextAt(): number | null {
    const times = [...this.#known.values()].flatMap(({ nextAt }) => nextAt ?? []);
    return times.reduce((first: number | null, at) => (first === null || at < first ? at : first), null);
  }

  /** Resolves when the slots that are due are claimed, on the disk. */
  async claim(now: number): Promise<void> {
    const { ledger } = this.#parts;
    const due = [...this.#known].filter(([, { nextAt }]) => nextAt !== null && nextAt <= now);
    if (due.length === 0) return;
    await ledger.commit(() =>
      this.#tellMissed(due.flatMap(([name, { timetable }]) => this.#claimOf(name, timetable, now) ?? [])),
    );
    for (const [name] of due) this.read(name);
  }

  /** Before a schedule becomes another one: what fell due until then is its own. Inside a transaction. */
  account(name: string, now: number): void {
    const record = this.#parts.ledger.schedule(name);
    if (!record) return;
    const timetable = this.#timetableOf(record);
    const missed = typeof timetable === 'string' ? null : this.#claimOf(name, timetable, now);
    if (missed) this.#tellMissed([missed]);
  }

  #remember(record: ScheduleRecord): void {
    const { name, definition, accountedUntil } = record;
    const timetable = this.#timetableOf(record);
    if (typeof timetable === 'string') return this.#setAside(name, timetable);
    const validUntil = Date.parse(definition.valid_until);
    const next = nextSlot(timetable, accountedUntil) ?? Number.POSITIVE_INFINITY;
    const isOver = accountedUntil >= validUntil;
    this.#known.set(name, { timetable, nextAt: isOver ? null : Math.min(next, validUntil) });
  }

  #timetableOf({ name, definition }: ScheduleRecord): Timetable | string {
    const known = this.#known.get(name);
    return isSame(known, definition) ? known.timetable : readTimetable(definition);
  }

  /** A version before this one knew its pattern or zone. The other schedules go on. */
  #setAside(name: string, problem: string): void {
    const { ledger, alerts } = this.#parts;
    this.#known.delete(name);
    const message = `this version does not know when ${name} is due, and runs none of its slots: ${problem}`;
    ledger.write(() => alerts.raise(name, 'schedule-lapsed', { severity: 'critical', message }));
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

function isSame(known: Known | undefined, definition: ScheduleRecord['definition']): known is Known {
  return known?.timetable.pattern.text === definition.pattern && known.timetable.timeZone === definition.time_zone;
}
