import type { Registry } from '../planning/action.ts';
import { bindActions } from '../planning/registry.ts';
import { subjectsOf } from '../planning/run-plan.ts';
import { requestsOf } from '../schedule/definition.ts';
import type { Ledger } from './ledger.ts';
import type { ScheduleRecord } from './schedules.ts';
import { type StandingParts, scheduleProblem, scheduleTargets } from './standing.ts';

export interface ObstacleParts extends StandingParts {
  ledger: Pick<Ledger, 'schedule' | 'slot' | 'task' | 'withdrawals'>;
  registry: Registry;
  host: string;
}

/** How the slots of a schedule end without being run, and why. */
export interface Obstacle {
  state: 'vetoed' | 'skipped';
  reason: string;
}

/** Tells why no slot of a schedule runs as of `now`, or null where nothing is in the way. */
export type Obstacles = (record: ScheduleRecord, now: number) => Obstacle | null;

export function obstaclesBy(parts: ObstacleParts): Obstacles {
  const { ledger, registry, host } = parts;
  /** By the digest of a definition: what it runs never changes. */
  const subjects = new Map<string, string[]>();
  const subjectsIn = ({ digest, definition }: ScheduleRecord): string[] => {
    const known = subjects.get(digest);
    if (known) return known;
    const bound = bindActions(registry, requestsOf(definition));
    const found = typeof bound === 'string' ? [] : subjectsOf(bound);
    subjects.set(digest, found);
    return found;
  };
  return (record, now) => {
    const targets = scheduleTargets(record, subjectsIn(record), host, ledger);
    const veto = ledger.withdrawals(targets, now).find(({ verb }) => verb === 'veto');
    if (veto) return { state: 'vetoed', reason: `${veto.target} is vetoed by ${veto.by}: ${veto.reason}` };
    const problem = scheduleProblem(record, parts, now);
    return problem === null ? null : { state: 'skipped', reason: problem };
  };
}
