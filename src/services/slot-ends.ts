import type { Reason } from '../admission/reasons.ts';
import { isSlot, type SlotTask } from '../contract/task.ts';
import type { Definition } from '../schedule/definition.ts';
import { type Ending, type Settlement, settle } from '../schedule/settlement.ts';
import { slotTaskId } from '../schedule/slot-task.ts';
import type { Ledger, TaskRecord } from './ledger.ts';
import type { Obstacles } from './obstacles.ts';
import type { Heartbeats } from './ports.ts';
import type { ScheduleAlerts } from './schedule-alerts.ts';
import { ScheduleHealth } from './schedule-health.ts';
import type { ScheduleRecord, SlotRecord } from './schedules.ts';

export interface SlotEndsParts {
  ledger: Pick<
    Ledger,
    'schedule' | 'changeSchedule' | 'definition' | 'slot' | 'runs' | 'changeSlot' | 'audit' | 'task'
  >;
  alerts: ScheduleAlerts;
  obstacles: Pick<Obstacles, 'pause'>;
  heartbeats: Heartbeats;
  /** Told that a slot ended: others may wait for it. */
  onEnd: (schedule: string) => void;
}

/** What is said of a copy, or may be otherwise in a minute, ends no slot: the scheduler looks at it again. */
const REFUSALS: ReadonlySet<Reason> = new Set(['expired', 'id-reused', 'vetoed', 'cancelled', 'not-allowed']);

/** Writes how slots end, in the transaction that ends their tasks, and what somebody must hear of it. */
export class SlotEnds {
  readonly #parts: SlotEndsParts;
  readonly #health: ScheduleHealth;

  constructor(parts: SlotEndsParts) {
    this.#parts = parts;
    this.#health = new ScheduleHealth(parts);
  }

  /** The task of a slot begins. */
  begun({ slot }: SlotTask): void {
    const url = this.#parts.ledger.definition(slot.definition)?.heartbeat;
    if (url) this.#parts.heartbeats.ping(url, 'start');
  }

  /** A try at a slot has ended. What is no open slot any more is left as it is. */
  ended(task: SlotTask, ending: Ending): void {
    const { ledger, onEnd } = this.#parts;
    const { schedule, due_at } = task.slot;
    const slot = ledger.slot({ schedule, dueAt: Date.parse(due_at) });
    const definition = slot && ledger.definition(slot.digest);
    if (slot?.state !== 'enqueued' || !definition || slotTaskId(slot) !== task.task_id) return;
    const claim = this.#claimOf(task);
    // A copy of it was refused while it runs.
    if (claim?.ended === null) return;
    const durationMs = claim ? Math.max(0, ending.at - claim.claimedAt) : null;
    const record = ledger.schedule(schedule);
    const settlement = settle(slot, definition, this.#blameless(ending, record), record?.failures ?? 0);
    ledger.changeSlot(slot, changeBy(settlement, ending, durationMs));
    if (record?.digest === slot.digest && !settlement.retry)
      this.#health.changed(record, definition, slot, settlement, durationMs);
    this.#ping(definition, ending);
    onEnd(schedule);
  }

  /** A delivery of its task was refused, which the host itself had signed. */
  refused(task: SlotTask, reason: Reason, ending: Ending): void {
    if (REFUSALS.has(reason)) this.ended(task, ending);
  }

  /** It was to be tried again, and others were before it: a schedule must not fail for ever unheard. */
  givenUp(slot: SlotRecord, reason: string, at: number): void {
    const { ledger } = this.#parts;
    const why = `its last try failed, and there is no other: ${reason}`;
    ledger.changeSlot(slot, { state: slot.late ? 'caught-up' : 'ran', reason: why, endedAt: at, outcome: 'failed' });
    const record = ledger.schedule(slot.schedule);
    if (record?.digest !== slot.digest) return;
    const change = { reason: why, failures: record.failures + 1 };
    this.#health.changed(record, record.definition, slot, change, null);
  }

  /** A slot whose time ran out under a pause has not failed. */
  #blameless(ending: Ending, record: ScheduleRecord | undefined): Ending {
    const pause = ending.outcome === 'expired' && record ? this.#parts.obstacles.pause(record, ending.at) : null;
    return pause ? { ...ending, outcome: 'cancelled', reason: `it waited too long: ${pause}` } : ending;
  }

  /** Null where nothing of it ran; somebody else's task of the same id is none. */
  #claimOf({ task_id }: SlotTask): TaskRecord | null {
    const record = this.#parts.ledger.task(task_id);
    return record && isSlot(record.task) ? record : null;
  }

  #ping({ heartbeat }: Definition, { outcome, reason }: Ending): void {
    if (!heartbeat) return;
    // Its undo may have written over what the failed step saw; what halted it stands in the reason.
    const exitCode = /: exit code ([1-9]\d*)$/.exec(reason ?? '')?.[1];
    const failure = exitCode === undefined ? 'fail' : Number(exitCode);
    this.#parts.heartbeats.ping(heartbeat, outcome === 'completed' ? 'success' : failure);
  }
}

function changeBy({ state, reason, retry }: Settlement, { at, outcome }: Ending, durationMs: number | null) {
  if (retry) return { state, reason, attempt: retry.attempt, startAt: retry.startAt, enqueuedAt: null };
  return { state, reason, endedAt: at, durationMs, outcome };
}
