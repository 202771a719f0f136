import { isSlot, type SlotTask } from '../contract/task.ts';
import type { Definition } from '../schedule/definition.ts';
import { type Ending, type Settlement, settle } from '../schedule/settlement.ts';
import { slotTaskId } from '../schedule/slot-task.ts';
import type { Ledger } from './ledger.ts';
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

/** How a slot's task went. */
export interface SlotRun {
  /** From its claim to its end; null where nothing ran. */
  durationMs: number | null;
  /** Of the command that failed; null where none did. */
  exitCode: number | null;
}

/** What people hear of an end. */
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
  ended(task: SlotTask, ending: Ending, run: SlotRun): void {
    const { ledger, onEnd } = this.#parts;
    const { schedule, due_at } = task.slot;
    const slot = ledger.slot({ schedule, dueAt: Date.parse(due_at) });
    const definition = slot && ledger.definition(slot.digest);
    if (slot?.state !== 'enqueued' || !definition || slotTaskId(slot) !== task.task_id) return;
    if (this.#runs(task)) return;
    const record = ledger.schedule(schedule);
    const settlement = settle(slot, definition, this.#blameless(ending, record), record?.failures ?? 0);
    ledger.changeSlot(slot, changeBy(settlement, ending, run));
    if (record?.digest === slot.digest && !settlement.retry)
      this.#health.changed(record, definition, slot, settlement, run.durationMs);
    this.#ping(definition, ending, run);
    onEnd(schedule);
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

  /** A copy of it was refused while it runs. */
  #runs({ task_id }: SlotTask): boolean {
    const record = this.#parts.ledger.task(task_id);
    return record !== undefined && isSlot(record.task) && record.ended === null;
  }

  #ping({ heartbeat }: Definition, { outcome }: Ending, { exitCode }: SlotRun): void {
    if (!heartbeat) return;
    this.#parts.heartbeats.ping(heartbeat, outcome === 'completed' ? 'success' : (exitCode ?? 'fail'));
  }
}

function changeBy({ state, reason, retry }: Settlement, { at, outcome }: Ending, { durationMs }: SlotRun) {
  if (retry) return { state, reason, attempt: retry.attempt, startAt: retry.startAt, enqueuedAt: null };
  return { state, reason, endedAt: at, durationMs, outcome };
}
