import type { SlotTask } from '../contract/task.ts';
import { type Definition, dependenciesOf } from '../schedule/definition.ts';
import { type Prerequisite, type Readiness, readiness, type Unmet, unmetBy } from '../schedule/readiness.ts';
import { slotTask, slotTaskId } from '../schedule/slot-task.ts';
import { latestSlots } from '../schedule/slots.ts';
import { timetableOf } from '../schedule/timetable.ts';
import type { Ledger } from './ledger.ts';
import type { Running } from './running.ts';
import type { ScheduleAlerts } from './schedule-alerts.ts';
import type { SlotRecord } from './schedules.ts';
import type { SlotEnds } from './slot-ends.ts';

export interface SlotDispatchParts {
  ledger: Ledger;
  running: Pick<Running, 'withdraw'>;
  alerts: ScheduleAlerts;
  ends: Pick<SlotEnds, 'ended'>;
  host: string;
}

/** What a dispatch came to. */
export interface Dispatched {
  /** To be put on the queue, in this order. */
  tasks: SlotTask[];
  /** Something else may be ready now. */
  again: boolean;
  /** When a try becomes due that is waited for; null where none is. */
  nextTryAt: number | null;
}

/** How far back it is looked for when a schedule was due last. */
const PERIOD_MS = 400 * 24 * 3600_000;
/** The line itself refuses what has expired, and says so better. */
const LOST_AFTER_MS = 60_000;
/** Of the newest slots of a schedule, to see whether one is still open. */
const LOOKED_AT = 20;
const NOTHING_RAN = { durationMs: null, exitCode: null };

/** Decides which of the claimed slots go on the queue now, and what becomes of those that cannot. */
export class SlotDispatch {
  readonly #parts: SlotDispatchParts;

  constructor(parts: SlotDispatchParts) {
    this.#parts = parts;
  }

  /** Inside a transaction. */
  dispatch(now: number): Dispatched {
    this.#endLost(now);
    const open = this.#parts.ledger.openSlots();
    const result: Dispatched = { tasks: [], again: false, nextTryAt: null };
    let catchingUp = open.filter(({ state, late }) => late && state === 'enqueued').length;
    for (const [schedule, slots] of Map.groupBy(open, (slot) => slot.schedule)) {
      for (const [index, slot] of slots.entries()) {
        if (slot.state !== 'waiting') continue;
        const definition = this.#definitionOf(slot);
        const earlier = slots.slice(0, index).filter((each) => this.#isOpen(each));
        const unmet = definition ? this.#unmet(definition, slot.dueAt) : null;
        const verdict: Readiness = definition
          ? readiness(slot, definition, { earlier, unmet, catchingUp }, now)
          : { kind: 'skip', why: `${schedule} has another definition now, or none` };
        if (verdict.kind === 'go' && slot.late) catchingUp += 1;
        this.#act(slot, definition, earlier, verdict, now, result);
      }
    }
    return result;
  }

  /** The tasks of all slots that are on the queue and have not begun: Redis may have lost them. */
  enqueued(): SlotTask[] {
    const { ledger, host } = this.#parts;
    return ledger.openSlots().flatMap((slot) => {
      const definition = slot.state === 'enqueued' ? ledger.definition(slot.digest) : undefined;
      if (!definition || slot.enqueuedAt === null || ledger.task(slotTaskId(slot))) return [];
      return [slotTask({ ...slot, enqueuedAt: slot.enqueuedAt }, definition, host)];
    });
  }

  /** What was never taken up in its time, whatever became of its job, is over. */
  #endLost(now: number): void {
    for (const task of this.enqueued()) {
      if (now < Date.parse(task.expires_at) + LOST_AFTER_MS) continue;
      this.#parts.ends.ended(task, { outcome: 'expired', reason: 'it did not begin in time', at: now }, NOTHING_RAN);
    }
  }

  #definitionOf({ schedule, digest }: SlotRecord): Definition | undefined {
    const record = this.#parts.ledger.schedule(schedule);
    return record?.digest === digest ? record.definition : undefined;
  }

  /** Not as it was read: this dispatch may have ended it. */
  #isOpen(slot: SlotRecord): boolean {
    const state = this.#parts.ledger.slot(slot)?.state;
    return state === 'waiting' || state === 'enqueued';
  }

  #act(
    slot: SlotRecord,
    definition: Definition | undefined,
    earlier: readonly SlotRecord[],
    verdict: Readiness,
    now: number,
    result: Dispatched,
  ): void {
    const { ledger, host } = this.#parts;
    switch (verdict.kind) {
      case 'go':
        ledger.changeSlot(slot, { state: 'enqueued', enqueuedAt: now, reason: '' });
        if (definition) result.tasks.push(slotTask({ ...slot, enqueuedAt: now }, definition, host));
        return;
      case 'skip':
        return this.#skip(slot, verdict.why, now);
      case 'replace':
        for (const each of earlier) this.#replace(each, slot, now);
        result.again = true;
        return;
      case 'wait':
        if (verdict.why !== slot.reason) ledger.changeSlot(slot, { reason: verdict.why });
        if (slot.startAt > now) result.nextTryAt = Math.min(slot.startAt, result.nextTryAt ?? slot.startAt);
        if (verdict.unmet && !verdict.unmet.pending) this.#tellAwaited(slot, verdict.unmet);
    }
  }

  #skip(slot: SlotRecord, reason: string, now: number): void {
    const { ledger } = this.#parts;
    ledger.changeSlot(slot, { state: 'skipped', reason, endedAt: now });
    const detail = { schedule: slot.schedule, slots: slot.count, from: slot.dueAt, until: slot.untilAt };
    ledger.audit({ event: 'slots-skipped', detail }, { outcome: 'skipped', reason });
  }

  /** What has begun is cancelled, which takes it back; it ends by itself as soon as it is. */
  #replace(earlier: SlotRecord, by: SlotRecord, now: number): void {
    const { ledger, running } = this.#parts;
    const taskId = slotTaskId(earlier);
    const reason = `replaced by ${slotTaskId(by)}`;
    if (earlier.state === 'waiting' || !ledger.task(taskId)) return this.#skip(earlier, reason, now);
    const withdrawal = { verb: 'cancel' as const, target: `task:${taskId}`, reason, by: earlier.schedule };
    queueMicrotask(() => running.withdraw(withdrawal));
  }

  #unmet(definition: Definition, dueAt: number): Unmet | null {
    for (const name of dependenciesOf(definition)) {
      const unmet = unmetBy(this.#prerequisite(name, dueAt));
      if (unmet) return unmet;
    }
    return null;
  }

  #prerequisite(name: string, dueAt: number): Prerequisite {
    const { ledger } = this.#parts;
    const record = ledger.schedule(name);
    if (!record) return { name, paused: null, newest: null, dueAt: null };
    const [slot, ...before] = ledger.slots(name, LOOKED_AT);
    const open = [slot, ...before].some((each) => each?.state === 'waiting' || each?.state === 'enqueued');
    const [due] = latestSlots(timetableOf(record.definition), dueAt - PERIOD_MS, dueAt, 1);
    const newest = slot ? { dueAt: slot.untilAt, open, well: slot.outcome === 'completed' } : null;
    return { name, paused: record.paused, newest, dueAt: due ?? null };
  }

  /** One alert for one root cause: the one that stands for it already, or one that others wait. */
  #tellAwaited(slot: SlotRecord, unmet: Unmet): void {
    const { ledger, alerts } = this.#parts;
    const root = this.#rootOf(unmet, slot.dueAt);
    const record = ledger.schedule(root.name);
    if (record && Object.keys(record.standing).some((code) => code !== 'schedule-slow')) return;
    const message = `${slot.schedule} waits, and all that depend on it: ${root.why}`;
    alerts.raise(record ? root.name : slot.schedule, 'schedule-awaited', { severity: 'warning', message });
  }

  #rootOf(unmet: Unmet, dueAt: number): Unmet {
    const definition = this.#parts.ledger.schedule(unmet.name)?.definition;
    const further = definition && this.#unmet(definition, dueAt);
    return further && !further.pending ? this.#rootOf(further, dueAt) : unmet;
  }
}
