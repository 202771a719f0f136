import type { SlotTask } from '../contract/task.ts';
import type { Definition } from '../schedule/definition.ts';
import { type Readiness, readiness } from '../schedule/readiness.ts';
import { slotTask, slotTaskId } from '../schedule/slot-task.ts';
import type { Ledger } from './ledger.ts';
import type { Obstacles } from './obstacles.ts';
import { Prerequisites } from './prerequisites.ts';
import type { Running } from './running.ts';
import type { ScheduleAlerts } from './schedule-alerts.ts';
import type { SlotRecord } from './schedules.ts';
import type { SlotEnds } from './slot-ends.ts';
import { definitionOf, endUnrun, type SlotStanding, standingOf } from './slot-standing.ts';
import { hasBegun } from './standing.ts';

export interface SlotDispatchParts {
  ledger: Ledger;
  running: Pick<Running, 'withdraw'>;
  obstacles: Obstacles;
  alerts: ScheduleAlerts;
  ends: Pick<SlotEnds, 'givenUp'>;
  host: string;
}

/** What a dispatch came to. */
export interface Dispatched {
  /** To be put on the queue, in this order. */
  tasks: SlotTask[];
  /** Something else may be ready now. */
  again: boolean;
  /** When to look again for what is waited for; null where nothing is. */
  nextAt: number | null;
}

/** One dispatch, as far as it has come. */
interface Round extends Dispatched {
  readonly now: number;
  /** How many slots are being caught up, over all schedules. */
  catchingUp: number;
  /** The schedules that have open slots. */
  readonly open: ReadonlySet<string>;
}

/** When it is looked again whether what was replaced is gone. */
const GONE_WITHIN_MS = 1_000;

/** Decides which of the claimed slots go on the queue now, and what becomes of those that cannot. */
export class SlotDispatch {
  readonly #parts: SlotDispatchParts;
  readonly #prerequisites: Prerequisites;

  constructor(parts: SlotDispatchParts) {
    this.#parts = parts;
    this.#prerequisites = new Prerequisites(parts);
  }

  /** Inside a transaction. */
  dispatch(now: number): Dispatched {
    const { ledger } = this.#parts;
    const slots = ledger.someSlotWaits() ? ledger.openSlots() : [];
    const bySchedule = Map.groupBy(slots, ({ schedule }) => schedule);
    const catchingUp = slots.filter(({ state, late }) => late && state === 'enqueued').length;
    const round: Round = { tasks: [], again: false, nextAt: null, now, catchingUp, open: new Set(bySchedule.keys()) };
    for (const [schedule, own] of bySchedule)
      if (own.some(({ state }) => state === 'waiting')) this.#dispatchOf(schedule, own, round);
    return round;
  }

  #dispatchOf(schedule: string, slots: readonly SlotRecord[], round: Round): void {
    const standing = standingOf(schedule, this.#parts, round.now);
    const earlier: SlotRecord[] = [];
    for (const slot of slots) {
      if (slot.state === 'enqueued' || this.#decide(slot, standing, earlier, round)) earlier.push(slot);
      // Others may wait for it.
      else round.again = true;
    }
  }

  /** False where it ended. Of `earlier` goes what gives way to it. */
  #decide(slot: SlotRecord, standing: SlotStanding | null, earlier: SlotRecord[], round: Round): boolean {
    const { now, open, catchingUp } = round;
    const definition = definitionOf(slot, standing);
    if ('state' in definition) return endUnrun(slot, definition, this.#parts.ledger, now);
    const unmet =
      earlier.length > 0 ? null : (standing?.paused ?? this.#prerequisites.unmet(definition, slot.dueAt, open));
    const verdict = readiness(slot, definition, { earlier, unmet, catchingUp }, now);
    if (verdict.kind === 'skip') return this.#passOver(slot, verdict.why, now);
    if (verdict.kind === 'go') this.#enqueue(slot, definition, round);
    if (verdict.kind === 'replace') this.#replace(earlier, slot, round);
    if (verdict.kind === 'wait') this.#wait(slot, verdict, round);
    return true;
  }

  #enqueue(slot: SlotRecord, definition: Definition, round: Round): void {
    const { ledger, host } = this.#parts;
    const { now } = round;
    ledger.changeSlot(slot, { state: 'enqueued', enqueuedAt: now, reason: '' });
    round.tasks.push(slotTask({ ...slot, enqueuedAt: now }, definition, host));
    if (slot.late) round.catchingUp += 1;
  }

  #wait(slot: SlotRecord, { why, unmet }: Extract<Readiness, { kind: 'wait' }>, round: Round): void {
    if (why !== slot.reason) this.#parts.ledger.changeSlot(slot, { reason: why });
    if (slot.startAt > round.now) lookAt(slot.startAt, round);
    if (unmet) this.#prerequisites.tell(slot, unmet, round.open);
  }

  /** What has begun is cancelled, which takes it back; it ends by itself as soon as it is. */
  #replace(earlier: SlotRecord[], by: SlotRecord, round: Round): void {
    const { ledger, running } = this.#parts;
    const reason = `replaced by ${slotTaskId(by)}`;
    for (const slot of earlier.splice(0)) {
      if (slot.state === 'waiting' || !hasBegun(slot, ledger)) {
        this.#passOver(slot, reason, round.now);
        round.again = true;
        continue;
      }
      earlier.push(slot);
      lookAt(round.now + GONE_WITHIN_MS, round);
      const target = `task:${slotTaskId(slot)}`;
      queueMicrotask(() => running.withdraw({ verb: 'cancel', target, reason, by: slot.schedule }));
    }
  }

  #passOver(slot: SlotRecord, reason: string, now: number): false {
    const { ledger, ends } = this.#parts;
    if (slot.attempt === 1) return endUnrun(slot, { state: 'skipped', reason }, ledger, now);
    ends.givenUp(slot, reason, now);
    return false;
  }
}

function lookAt(at: number, round: Round): void {
  round.nextAt = Math.min(at, round.nextAt ?? at);
}
