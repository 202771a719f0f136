import { utcTime } from '../contract/names.ts';
import type { ScheduleFact } from '../planning/facts.ts';
import { slotTaskId } from '../schedule/slot-task.ts';
import { nextSlot } from '../schedule/slots.ts';
import { timetableOf } from '../schedule/timetable.ts';
import type { Ledger } from './ledger.ts';
import type { Clock } from './ports.ts';
import type { ScheduleAlerts } from './schedule-alerts.ts';
import { scheduleFacts } from './schedule-facts.ts';
import type { ScheduleLedger, ScheduleRow, SlotPlace } from './schedules.ts';
import type { SlotClaims } from './slot-claims.ts';
import { newSlot } from './slot-records.ts';
import { hasBegun } from './standing.ts';

export interface ScheduleRowsParts {
  ledger: ScheduleLedger & Pick<Ledger, 'write' | 'task'>;
  clock: Clock;
  claims: Pick<SlotClaims, 'account'>;
  alerts: Pick<ScheduleAlerts, 'clear'>;
  /** Told that a schedule or its slots are others now. */
  onChange: (schedule: string) => void;
}

/** The rows of schedules and slots as steps change them. */
export class ScheduleRows {
  readonly #parts: ScheduleRowsParts;

  constructor(parts: ScheduleRowsParts) {
    this.#parts = parts;
  }

  fact(name: string): ScheduleFact {
    return scheduleFacts(this.#parts.ledger, this.#parts.clock).fact(name);
  }

  /** `definition`: the content of the row's digest where it may be new here. */
  write(name: string, row: ScheduleFact, definition: object | null): void {
    const { ledger, clock, claims, alerts, onChange } = this.#parts;
    ledger.write(() => {
      claims.account(name, clock.now());
      if (row.exists && definition) ledger.addDefinition(row.definition, definition);
      // Before the row goes, for it says which alerts stand.
      if (!row.exists || row.paused === '') alerts.clear(name);
      ledger.putSchedule(name, rowOf(row), clock.now());
    });
    onChange(name);
  }

  /** What is true of it now, in a few words. */
  summary(name: string): string {
    const record = this.#parts.ledger.schedule(name);
    if (!record) return 'not defined';
    if (record.paused !== '') return `paused: ${record.paused}`;
    const { definition } = record;
    const next = nextSlot(timetableOf(definition), this.#parts.clock.now());
    if (next === null) return 'never due';
    const isOver = next > Date.parse(definition.valid_until);
    return isOver ? `not due again: valid until ${definition.valid_until}` : `due next at ${utcTime(next)}`;
  }

  hasSlot(place: SlotPlace): boolean {
    return this.#parts.ledger.slot(place) !== undefined;
  }

  /** False where there is one already, or no such schedule. */
  addSlot({ schedule, dueAt }: SlotPlace, askedBy: string): boolean {
    const { ledger, clock, claims, onChange } = this.#parts;
    const digest = ledger.schedule(schedule)?.digest;
    if (!digest) return false;
    const slot = newSlot({ schedule, dueAt, digest, claimedAt: clock.now(), askedBy });
    const added = ledger.write(() => {
      // A record of several slots that begins at this second would find its place taken, and all of them were lost.
      claims.account(schedule, clock.now());
      return ledger.addSlot(slot);
    });
    onChange(schedule);
    return added;
  }

  /** Why it cannot be taken back, or null where it is. */
  removeSlot(place: SlotPlace): string | null {
    const { ledger, onChange } = this.#parts;
    const slot = ledger.slot(place);
    if (!slot) return null;
    if (hasBegun(slot, ledger)) return `it has begun as ${slotTaskId(slot)}: take that back`;
    ledger.write(() => ledger.removeSlot(place));
    onChange(place.schedule);
    return null;
  }
}

function rowOf(row: ScheduleFact): ScheduleRow | null {
  return row.exists ? { digest: row.definition, task_id: row.task_id, paused: row.paused } : null;
}
