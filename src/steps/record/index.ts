import type { RecordStep } from '../../planning/step.ts';
import type { ScheduleRows } from '../../services/schedule-rows.ts';
import type { StepKind } from '../../services/step-kind.ts';
import { type ReleasePorts, releaseRecord } from './release.ts';
import { scheduleRecord } from './schedule.ts';
import { slotRecord } from './slot.ts';

export interface RecordPorts extends ReleasePorts {
  schedules: Pick<ScheduleRows, 'fact' | 'write' | 'summary' | 'hasSlot' | 'addSlot' | 'removeSlot'>;
}

type Records = { [R in RecordStep['record']]: StepKind<Extract<RecordStep, { record: R }>> };

/** Changes one row of the ledger. */
export function recordKind(ports: RecordPorts): StepKind<RecordStep> {
  const { schedules } = ports;
  const records: Records = {
    release: releaseRecord(ports),
    schedule: scheduleRecord(schedules),
    slot: slotRecord(schedules),
  };
  const kindOf = (step: RecordStep): StepKind<RecordStep> => records[step.record];
  return {
    observe: (step) => kindOf(step).observe(step),
    capture: (step) => kindOf(step).capture(step),
    apply: (step, context) => kindOf(step).apply(step, context),
    undo: (step, captured, context) => kindOf(step).undo(step, captured, context),
    reconcile: (step, captured, context) => kindOf(step).reconcile(step, captured, context),
    preview: (step) => kindOf(step).preview(step),
  };
}
