import { nextSlot, type Timetable } from '../schedule/slots.ts';
import { readTimetable } from '../schedule/timetable.ts';
import type { Ledger } from './ledger.ts';
import type { ScheduleAlerts } from './schedule-alerts.ts';
import type { ScheduleRecord } from './schedules.ts';

export interface DueTimesParts {
  ledger: Pick<Ledger, 'schedule' | 'schedules' | 'write'>;
  alerts: Pick<ScheduleAlerts, 'raise'>;
}

interface Known {
  timetable: Timetable;
  /** When there is something to write of it: a slot is due, or it is valid no more. Null: never again. */
  nextAt: number | null;
}

/** When each schedule of this host is due next, in memory: a tick costs nothing where none is. */
export class DueTimes {
  readonly #parts: DueTimesParts;
  readonly #known = new Map<string, Known>();

  constructor(parts: DueTimesParts) {
    this.#parts = parts;
  }

  /** Reads all schedules anew: at the start, and where the time is another one. */
  readAll(): void {
    this.#known.clear();
    for (const record of this.#parts.ledger.schedules()) this.#remember(record);
  }

  /** This schedule changed, or is accounted for. */
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

  /** The schedules of which something is to be written now. */
  due(now: number): { name: string; timetable: Timetable }[] {
    const due = [...this.#known].filter(([, { nextAt }]) => nextAt !== null && nextAt <= now);
    return due.map(([name, { timetable }]) => ({ name, timetable }));
  }

  /** A string says why this version does not know it. */
  timetableOf({ name, definition }: ScheduleRecord): Timetable | string {
    const known = this.#known.get(name);
    return isSame(known, definition) ? known.timetable : readTimetable(definition);
  }

  #remember(record: ScheduleRecord): void {
    const { name, definition, accountedUntil } = record;
    const timetable = this.timetableOf(record);
    if (typeof timetable === 'string') return this.#setAside(name, timetable);
    const validUntil = Date.parse(definition.valid_until);
    const next = nextSlot(timetable, accountedUntil) ?? Number.POSITIVE_INFINITY;
    const isOver = accountedUntil >= validUntil;
    this.#known.set(name, { timetable, nextAt: isOver ? null : Math.min(next, validUntil) });
  }

  /** A version before this one knew its pattern or zone. The other schedules go on. */
  #setAside(name: string, problem: string): void {
    const { ledger, alerts } = this.#parts;
    this.#known.delete(name);
    const message = `this version does not know when ${name} is due, and runs none of its slots: ${problem}`;
    ledger.write(() => alerts.raise(name, 'schedule-lapsed', { severity: 'critical', message }));
  }
}

function isSame(known: Known | undefined, definition: ScheduleRecord['definition']): known is Known {
  return known?.timetable.pattern.text === definition.pattern && known.timetable.timeZone === definition.time_zone;
}
