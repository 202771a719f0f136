import type { Definition } from '../schedule/definition.ts';
import type { Unmet } from '../schedule/readiness.ts';
import type { Ledger } from './ledger.ts';
import type { Obstacle, Obstacles } from './obstacles.ts';
import type { SlotRecord } from './schedules.ts';

/** What a schedule says of its open slots now. */
export interface SlotStanding {
  digest: string;
  definition: Definition;
  /** Why none of them runs. */
  obstacle: Obstacle | null;
  /** Why they wait. */
  paused: Unmet | null;
}

/** Null where there is no such schedule any more. */
export function standingOf(
  schedule: string,
  { ledger, obstacles }: { ledger: Pick<Ledger, 'schedule'>; obstacles: Obstacles },
  now: number,
): SlotStanding | null {
  const record = ledger.schedule(schedule);
  if (!record) return null;
  const why = obstacles.pause(record, now);
  const paused = why === null ? null : { name: schedule, why, pending: true };
  return { ...record, obstacle: obstacles.obstacle(record, now), paused };
}

/** The definition by which a slot runs, or why it does not. */
export function definitionOf({ schedule, digest }: SlotRecord, standing: SlotStanding | null): Definition | Obstacle {
  if (standing?.digest !== digest)
    return { state: 'skipped', reason: `${schedule} has another definition now, or none` };
  return standing.obstacle ?? standing.definition;
}

/** An open slot ends without being run. Inside a transaction. */
export function endUnrun(
  slot: SlotRecord,
  { state, reason }: Obstacle,
  ledger: Pick<Ledger, 'changeSlot' | 'audit'>,
  now: number,
): false {
  ledger.changeSlot(slot, { state, reason, endedAt: now });
  const detail = { schedule: slot.schedule, slots: slot.count, from: slot.dueAt, until: slot.untilAt };
  ledger.audit({ event: `slots-${state}`, detail }, { outcome: state, reason });
  return false;
}
