import type { ScheduleFact, SchedulesFact } from '../planning/facts.ts';
import { dependenciesOf } from '../schedule/definition.ts';
import type { Clock } from './ports.ts';
import type { ScheduleLedger } from './schedules.ts';

/** What actions may know of the schedules of this host. */
export interface ScheduleFacts {
  fact(name: string): ScheduleFact;
  all(): SchedulesFact;
}

export function scheduleFacts(ledger: Pick<ScheduleLedger, 'schedule' | 'schedules'>, clock: Clock): ScheduleFacts {
  return {
    fact: (name) => {
      const record = ledger.schedule(name);
      if (!record) return { exists: false };
      return { exists: true, definition: record.digest, task_id: record.task_id, paused: record.paused };
    },
    all: () => ({
      now: clock.now(),
      schedules: ledger.schedules().map(({ name, definition }) => ({
        name,
        dependsOn: dependenciesOf(definition),
        validUntil: definition.valid_until,
      })),
    }),
  };
}
