import type { Registry } from '../planning/action.ts';
import { bindActions } from '../planning/registry.ts';
import { subjectsOf } from '../planning/run-plan.ts';
import { requestsOf } from '../schedule/definition.ts';
import type { Ledger } from './ledger.ts';
import type { ScheduleRecord } from './schedules.ts';
import { type StandingParts, scheduleProblem, scheduleTargets } from './standing.ts';

export interface ObstacleParts extends StandingParts {
  ledger: Pick<Ledger, 'schedule' | 'slot' | 'task' | 'withdrawals' | 'pauses'>;
  registry: Registry;
  host: string;
}

/** How the slots of a schedule end without being run, and why. */
export interface Obstacle {
  state: 'vetoed' | 'skipped';
  reason: string;
}

/** What is in the way of a schedule's slots as of `now`; null where nothing is. */
export interface Obstacles {
  /** Why none of them runs. */
  obstacle: (record: ScheduleRecord, now: number) => Obstacle | null;
  /** Why they wait: a control statement paused them. */
  pause: (record: ScheduleRecord, now: number) => string | null;
}

export function obstaclesBy(parts: ObstacleParts): Obstacles {
  const { ledger, registry, host } = parts;
  /** By the definition and the task that brought it: neither changes. */
  const targets = new Map<string, string[]>();
  const targetsOf = (record: ScheduleRecord): string[] => {
    const key = `${record.digest} ${record.task_id}`;
    const known = targets.get(key);
    if (known) return known;
    const bound = bindActions(registry, requestsOf(record.definition));
    const found = scheduleTargets(record, typeof bound === 'string' ? [] : subjectsOf(bound), host, ledger);
    targets.set(key, found);
    return found;
  };
  return {
    obstacle: (record, now) => {
      const veto = ledger.withdrawals(targetsOf(record), now).find(({ verb }) => verb === 'veto');
      if (veto) return { state: 'vetoed', reason: `${veto.target} is vetoed by ${veto.by}: ${veto.reason}` };
      const problem = scheduleProblem(record, parts, now);
      return problem === null ? null : { state: 'skipped', reason: problem };
    },
    pause: (record, now) => {
      const [pause] = ledger.pauses(now, targetsOf(record));
      return pause ? `${pause.target} is paused by ${pause.by}: ${pause.reason}` : null;
    },
  };
}
