import type { SlotTask } from '../contract/task.ts';
import type { Definition } from '../schedule/definition.ts';
import { type Readiness, readiness, type Unmet } from '../schedule/readiness.ts';
import { slotTask, slotTaskId } from '../schedule/slot-task.ts';
import type { Ledger } from './ledger.ts';
import type { Obstacle, Obstacles } from './obstacles.ts';
import { Prerequisites } from './prerequisites.ts';
import type { Running } from './running.ts';
import type { ScheduleAlerts } from './schedule-alerts.ts';
import type { SlotRecord } from './schedules.ts';
import type { SlotEnds } from './slot-ends.ts';
import { hasBegun } from './standing.ts';

export interface SlotDispatchParts {
  ledger: Ledger;
  running: Pick<Running, 'withdraw'>;
  obstacles: Obstacles;
  alerts: ScheduleAlerts;
  ends: Pick<SlotEnds, 'ended' | 'givenUp'>;
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

/** A schedule as it stands now. */
interface Standing {
  digest: string;
  definition: Definition;
  obstacle: Obstacle | null;
  paused: Unmet | null;
}

/** The line itself refuses what has expired, and says so better. */
const LOST_AFTER_MS = 60_000;
/** When it is looked again whether what was replaced is gone. */
const GONE_WITHIN_MS = 1_000;
const NOTHING_RAN = { durationMs: null, exitCode: null };

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

  /**
   * The tasks of all slots that are on the queue and have not begun: Redis may have lost them. What may not run any more
   * ends instead. Inside a transaction.
   */
  enqueued(now: number): SlotTask[] {
    const { ledger } = this.#parts;
    const notBegun = ledger.openSlots().filter((slot) => slot.state === 'enqueued' && !hasBegun(slot, ledger));
    return [...Map.groupBy(notBegun, ({ schedule }) => schedule)].flatMap(([schedule, slots]) => {
      const standing = this.#standing(schedule, now);
      return slots.flatMap((slot) => this.#taskOf(slot, standing, now) ?? []);
    });
  }

  #taskOf(slot: SlotRecord, standing: Standing | null, now: number): SlotTask | null {
    const definition = definitionOf(slot, standing);
    if ('state' in definition) {
      this.#end(slot, definition, now);
      return null;
    }
    const task = slotTask({ ...slot, enqueuedAt: slot.enqueuedAt ?? now }, definition, this.#parts.host);
    if (now < Date.parse(task.expires_at) + LOST_AFTER_MS) return task;
    // It was never taken up in its time, whatever became of its job.
    const expired = { outcome: 'expired' as const, reason: 'it did not begin in time', at: now };
    this.#parts.ends.ended(task, expired, NOTHING_RAN);
    return null;
  }

  #standing(schedule: string, now: number): Standing | null {
    const { ledger, obstacles } = this.#parts;
    const record = ledger.schedule(schedule);
    if (!record) return null;
    const why = obstacles.pause(record, now);
    const paused = why === null ? null : { name: schedule, why, pending: true };
    return { ...record, obstacle: obstacles.obstacle(record, now), paused };
  }

  #dispatchOf(schedule: string, slots: readonly SlotRecord[], round: Round): void {
    const standing = this.#standing(schedule, round.now);
    const earlier: SlotRecord[] = [];
    for (const slot of slots) {
      if (slot.state === 'enqueued' || this.#decide(slot, standing, earlier, round)) earlier.push(slot);
      // Others may wait for it.
      else round.again = true;
    }
  }

  /** False where it ended. Of `earlier` goes what gives way to it. */
  #decide(slot: SlotRecord, standing: Standing | null, earlier: SlotRecord[], round: Round): boolean {
    const { now, open, catchingUp } = round;
    const definition = definitionOf(slot, standing);
    if ('state' in definition) return this.#end(slot, definition, now);
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
    if (slot.attempt === 1) return this.#end(slot, { state: 'skipped', reason }, now);
    this.#parts.ends.givenUp(slot, reason, now);
    return false;
  }

  #end(slot: SlotRecord, { state, reason }: Obstacle, now: number): false {
    const { ledger } = this.#parts;
    ledger.changeSlot(slot, { state, reason, endedAt: now });
    const detail = { schedule: slot.schedule, slots: slot.count, from: slot.dueAt, until: slot.untilAt };
    ledger.audit({ event: `slots-${state}`, detail }, { outcome: state, reason });
    return false;
  }
}

/** The definition by which it runs, or why it does not. */
function definitionOf({ schedule, digest }: SlotRecord, standing: Standing | null): Definition | Obstacle {
  if (standing?.digest !== digest)
    return { state: 'skipped', reason: `${schedule} has another definition now, or none` };
  return standing.obstacle ?? standing.definition;
}

function lookAt(at: number, round: Round): void {
  round.nextAt = Math.min(at, round.nextAt ?? at);
}
