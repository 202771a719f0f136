import type { Definition } from '../schedule/definition.ts';
import { usualMs } from '../schedule/history.ts';
import type { Settlement } from '../schedule/settlement.ts';
import { slotTaskId } from '../schedule/slot-task.ts';
import type { Ledger } from './ledger.ts';
import type { ScheduleAlerts } from './schedule-alerts.ts';
import type { ScheduleRecord, SlotRecord } from './schedules.ts';

/** Its newest runs make what is usual. */
const HISTORY = 30;

type Told = Pick<Settlement, 'reason' | 'failures'>;

export interface ScheduleHealthParts {
  ledger: Pick<Ledger, 'changeSchedule' | 'runs' | 'audit'>;
  alerts: ScheduleAlerts;
}

/** Counts a schedule's failures, disables it where its definition says so, and tells who must hear. Inside a transaction. */
export class ScheduleHealth {
  readonly #parts: ScheduleHealthParts;

  constructor(parts: ScheduleHealthParts) {
    this.#parts = parts;
  }

  /** A slot ended; the next tries at it, if any, are over. `durationMs`: null where nothing ran. */
  changed(
    { name, failures }: ScheduleRecord,
    definition: Definition,
    slot: SlotRecord,
    settlement: Told,
    durationMs: number | null,
  ): void {
    const { ledger, alerts } = this.#parts;
    ledger.changeSchedule(name, { failures: settlement.failures });
    if (settlement.failures > failures) this.#tellFailure(name, definition, slot, settlement);
    if (settlement.failures === 0 && durationMs !== null) {
      alerts.clear(name, 'schedule-failed', 'schedule-awaited', 'schedule-lapsed');
      this.#tellSlowness(name, definition, slot, durationMs);
    }
  }

  #tellFailure(name: string, { alert, disable_after }: Definition, slot: SlotRecord, settlement: Told): void {
    const { alerts } = this.#parts;
    const { failures, reason } = settlement;
    const last = `${slotTaskId(slot)}: ${reason}`;
    if (disable_after !== undefined && failures >= disable_after) return this.#disable(name, failures, last);
    if (failures < alert.after_failures) return;
    const message = `${name} failed ${failures === 1 ? 'once' : `${failures} times in a row`}, last ${last}`;
    alerts.clear(name, 'schedule-awaited');
    alerts.raise(name, 'schedule-failed', { severity: alert.severity, message });
  }

  /** One cause, one alert: it stands for those before. */
  #disable(name: string, failures: number, last: string): void {
    const { ledger, alerts } = this.#parts;
    const paused = `disabled after ${failures} failures in a row`;
    ledger.changeSchedule(name, { paused });
    ledger.audit(
      { event: 'schedule-disabled', detail: { schedule: name, failures } },
      { outcome: 'disabled', reason: last },
    );
    const message = `${name} is ${paused}, last ${last}; a cron.resume has it go on`;
    alerts.clear(name, 'schedule-awaited', 'schedule-failed');
    alerts.raise(name, 'schedule-disabled', { severity: 'critical', message });
  }

  #tellSlowness(name: string, { expected_ms }: Definition, { dueAt }: SlotRecord, durationMs: number): void {
    const { ledger, alerts } = this.#parts;
    const before = ledger.runs(name, HISTORY).filter((slot) => slot.outcome === 'completed' && slot.dueAt !== dueAt);
    const usual = usualMs(
      before.flatMap((slot) => slot.durationMs ?? []),
      expected_ms,
    );
    if (usual === null || durationMs <= usual) return alerts.clear(name, 'schedule-slow');
    const message = `${name} took ${durationMs} ms, and usually takes ${usual} ms at most`;
    alerts.raise(name, 'schedule-slow', { severity: 'warning', message });
  }
}
