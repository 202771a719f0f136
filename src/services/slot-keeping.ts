import type { SlotTask } from '../contract/task.ts';
import { slotTask } from '../schedule/slot-task.ts';
import type { Ledger } from './ledger.ts';
import type { Obstacles } from './obstacles.ts';
import type { SlotRecord } from './schedules.ts';
import type { SlotEnds } from './slot-ends.ts';
import { definitionOf, endUnrun, type SlotStanding, standingOf } from './slot-standing.ts';
import { hasBegun } from './standing.ts';

export interface SlotKeepingParts {
  ledger: Ledger;
  obstacles: Obstacles;
  ends: Pick<SlotEnds, 'ended'>;
  host: string;
}

/** The line itself refuses what has expired, and says so better. */
const LOST_AFTER_MS = 60_000;

/** Looks after the slots that are on the queue and have not begun: Redis may have lost them. */
export class SlotKeeping {
  readonly #parts: SlotKeepingParts;

  constructor(parts: SlotKeepingParts) {
    this.#parts = parts;
  }

  /** Their tasks. What may not run any more ends instead. Inside a transaction. */
  tasks(now: number): SlotTask[] {
    const { ledger } = this.#parts;
    const notBegun = ledger.openSlots().filter((slot) => slot.state === 'enqueued' && !hasBegun(slot, ledger));
    return [...Map.groupBy(notBegun, ({ schedule }) => schedule)].flatMap(([schedule, slots]) => {
      const standing = standingOf(schedule, this.#parts, now);
      return slots.flatMap((slot) => this.#taskOf(slot, standing, now) ?? []);
    });
  }

  #taskOf(slot: SlotRecord, standing: SlotStanding | null, now: number): SlotTask | null {
    const { ledger, ends, host } = this.#parts;
    const definition = definitionOf(slot, standing);
    if ('state' in definition) {
      endUnrun(slot, definition, ledger, now);
      return null;
    }
    const task = slotTask({ ...slot, enqueuedAt: slot.enqueuedAt ?? now }, definition, host);
    if (now < Date.parse(task.expires_at) + LOST_AFTER_MS) return task;
    // It was never taken up in its time, whatever became of its job.
    ends.ended(task, { outcome: 'expired', reason: 'it did not begin in time', at: now });
    return null;
  }
}
