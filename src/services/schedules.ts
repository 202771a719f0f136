import type { Outcome } from '../contract/report.ts';
import type { Definition } from '../schedule/definition.ts';

/** A schedule as it stands on this host. Times are milliseconds since 1970. */
export interface ScheduleRecord {
  name: string;
  definition: Definition;
  digest: string;
  /** The task that defined it. */
  task_id: string;
  /** Why it is paused; empty where it is not. */
  paused: string;
  /** It is written what becomes of all slots that were due until then. */
  accountedUntil: number;
  /** How many slots have failed in a row. */
  failures: number;
  /** The alerts that stand for it: the id by the code. */
  standing: Readonly<Record<string, string>>;
}

/** `waiting` and `enqueued` are open; all others are how a slot ends. */
export type SlotState = 'waiting' | 'enqueued' | 'ran' | 'caught-up' | 'skipped' | 'missed' | 'vetoed';

/** One due moment of a schedule and what became of it. */
export interface SlotRecord {
  schedule: string;
  dueAt: number;
  /** Where one record tells of several slots in a row that were not run: the last of them, and how many. */
  untilAt: number;
  count: number;
  /** The definition under which it fell due. */
  digest: string;
  state: SlotState;
  /** Why it waits, was not run or did not end well. */
  reason: string;
  /** It was due while this host could not run it. */
  late: boolean;
  /** The task that asked for it out of turn; empty where it is regular. */
  askedBy: string;
  /** Which try this is, from 1, and before when it may not begin. */
  attempt: number;
  startAt: number;
  claimedAt: number;
  /** Of the present try. */
  enqueuedAt: number | null;
  endedAt: number | null;
  /** From the claim of its task to its end; null where nothing ran. */
  durationMs: number | null;
  outcome: Outcome | null;
}

/** A slot's place: unique in a ledger. */
export type SlotPlace = Pick<SlotRecord, 'schedule' | 'dueAt'>;

/** What a schedule's row says of itself, besides what the scheduler keeps in it. */
export type ScheduleRow = Pick<ScheduleRecord, 'digest' | 'task_id' | 'paused'>;

/** What the ledger keeps of schedules. Changes must happen inside `commit` or `write`. */
export interface ScheduleLedger {
  /** A definition that stands, or stood while one of its slots ran. */
  definition(digest: string): Definition | undefined;
  schedule(name: string): ScheduleRecord | undefined;
  /** By name. */
  schedules(): ScheduleRecord[];
  /** Null takes it away; its slots stay. What is new, or goes on after a pause, has no slots before `at`. */
  putSchedule(name: string, row: ScheduleRow | null, at: number): void;
  /** Keeps it under its digest. */
  addDefinition(digest: string, definition: object): void;
  changeSchedule(
    name: string,
    change: Partial<Pick<ScheduleRecord, 'paused' | 'accountedUntil' | 'failures' | 'standing'>>,
  ): void;

  slot(place: SlotPlace): SlotRecord | undefined;
  /** False where this slot is there already. */
  addSlot(slot: SlotRecord): boolean;
  changeSlot(place: SlotPlace, change: Partial<Omit<SlotRecord, keyof SlotPlace>>): void;
  removeSlot(place: SlotPlace): void;
  /** In the order in which they were due. */
  openSlots(): SlotRecord[];
  /** Whether one of them is not yet on the queue: cheap, for it is asked at each end of a slot. */
  someSlotWaits(): boolean;
  /** Of one schedule, the newest first. */
  slots(schedule: string, limit: number): SlotRecord[];
  /** How many slots of a schedule are in each state; states without any are absent. */
  slotCounts(schedule: string): Partial<Record<SlotState, number>>;
  /** The same of those that came to an outcome. */
  runs(schedule: string, limit: number): SlotRecord[];
}
