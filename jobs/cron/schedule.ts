import type { z } from 'zod';
import { ScheduleName } from '../../src/contract/names.ts';
import type { ScheduleFact } from '../../src/planning/facts.ts';
import type { ScheduleChange, ScheduleStep } from '../../src/planning/step.ts';

/** What every action on one schedule accepts. */
export const scheduleFields = { schedule: ScheduleName.describe('Its name on this host.') };
type Named = z.infer<z.ZodObject<typeof scheduleFields>>;

/** What every action on one schedule has in common. */
export const scheduleTraits = {
  changes: true,
  reversible: () => true,
  resources: ({ schedule }: Named): string[] => [`schedule:${schedule}`],
  needs: (): string[] => [],
  check: () => undefined,
};

export type RowQuery = { row: { ask: 'schedule'; name: string } };

export const rowOf = ({ schedule }: Named): RowQuery => ({ row: { ask: 'schedule', name: schedule } });

/** @throws Error where there is no such schedule. */
export function present(name: string, row: ScheduleFact): Extract<ScheduleFact, { exists: true }> {
  if (row.exists) return row;
  throw new Error(`there is no schedule ${name} on this host: "ops crons" lists those there are`);
}

export function scheduleStep(
  name: string,
  title: string,
  before: ScheduleFact,
  after: ScheduleChange | null,
): ScheduleStep {
  return { kind: 'record', record: 'schedule', target: `schedule:${name}`, title, name, before, after };
}
