import { type Definition, dependenciesOf } from '../schedule/definition.ts';
import { type Prerequisite, type Unmet, unmetBy } from '../schedule/readiness.ts';
import { latestSlots } from '../schedule/slots.ts';
import { readTimetable } from '../schedule/timetable.ts';
import type { Ledger } from './ledger.ts';
import type { ScheduleAlerts } from './schedule-alerts.ts';
import type { SlotRecord } from './schedules.ts';

export interface PrerequisitesParts {
  ledger: Pick<Ledger, 'schedule' | 'runs'>;
  alerts: Pick<ScheduleAlerts, 'raise'>;
}

/** How far back it is looked for when a schedule was due last. */
const PERIOD_MS = 400 * 24 * 3600_000;

/** What slots wait for of other schedules. */
export class Prerequisites {
  readonly #parts: PrerequisitesParts;

  constructor(parts: PrerequisitesParts) {
    this.#parts = parts;
  }

  /** The first that is not met for a slot that is due then; `open`: the schedules with slots that have not ended. */
  unmet(definition: Definition, dueAt: number, open: ReadonlySet<string>): Unmet | null {
    for (const name of dependenciesOf(definition)) {
      const unmet = unmetBy(this.#prerequisite(name, dueAt, open));
      if (unmet) return unmet;
    }
    return null;
  }

  #prerequisite(name: string, dueAt: number, open: ReadonlySet<string>): Prerequisite {
    const { ledger } = this.#parts;
    const record = ledger.schedule(name);
    if (!record) return { name, paused: null, open: false, newest: null, dueAt: null };
    const [run] = ledger.runs(name, 1);
    const timetable = readTimetable(record.definition);
    const [due] = typeof timetable === 'string' ? [] : latestSlots(timetable, dueAt - PERIOD_MS, dueAt, 1);
    const newest = run ? { at: Math.max(run.dueAt, run.endedAt ?? 0), well: run.outcome === 'completed' } : null;
    return { name, paused: record.paused, open: open.has(name), newest, dueAt: due ?? null };
  }

  /** One alert for one root cause: the one that stands for it already, or one that others wait. */
  tell(slot: SlotRecord, unmet: Unmet, open: ReadonlySet<string>): void {
    const { ledger, alerts } = this.#parts;
    const root = this.#rootOf(unmet, slot.dueAt, open);
    // It may be well in a moment.
    if (root.pending) return;
    const record = ledger.schedule(root.name);
    if (record && Object.keys(record.standing).some((code) => code !== 'schedule-slow')) return;
    const message = `${slot.schedule} waits, and all that depend on it: ${root.why}`;
    alerts.raise(record ? root.name : slot.schedule, 'schedule-awaited', { severity: 'warning', message });
  }

  /** Schedules may wait for each other in a circle: two definitions at once can make one, and so can an undo. */
  #rootOf(unmet: Unmet, dueAt: number, open: ReadonlySet<string>): Unmet {
    const seen = new Set<string>();
    let root = unmet;
    while (!root.pending && !seen.has(root.name)) {
      seen.add(root.name);
      const definition = this.#parts.ledger.schedule(root.name)?.definition;
      root = (definition && this.unmet(definition, dueAt, open)) ?? root;
    }
    return root;
  }
}
