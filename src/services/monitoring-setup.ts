import type { OpsOutput } from '../contract/ops-output.ts';
import type { StepRecord } from '../planning/record.ts';
import type { Definition } from '../schedule/definition.ts';

type Entry = OpsOutput['monitoring_setup'][number];

/** What is watched from now on because of these steps. */
export function monitoringSetup(records: readonly StepRecord[]): Entry[] {
  return records.flatMap(({ step, state }) => {
    const isDefined = state === 'applied' && step.kind === 'record' && step.record === 'schedule';
    return isDefined && step.after?.definition ? ofSchedule(step.after.definition as Definition) : [];
  });
}

function ofSchedule({ name, alert, heartbeat }: Definition): Entry[] {
  const alerts = `ops-alerts (${alert.severity})`;
  const { after_failures: failures } = alert;
  const threshold = failures === 1 ? '1 failed slot' : `${failures} failed slots in a row`;
  const entries = [
    { metric: `schedule ${name}`, threshold, notification: alerts },
    { metric: `schedule ${name}`, threshold: '1 missed slot', notification: 'ops-alerts (warning)' },
  ];
  if (!heartbeat) return entries;
  return [
    ...entries,
    { metric: `heartbeat of ${name}`, threshold: 'as set there', notification: new URL(heartbeat).host },
  ];
}
