import type { StepKinds } from '../services/step-kind.ts';
import { type CommandPorts, commandKind } from './command.ts';
import { type FilePorts, fileKind } from './file.ts';
import { type ProbePorts, probeKind } from './probe.ts';
import { type RecordPorts, recordKind } from './record.ts';
import { serviceKind } from './service.ts';
import type { ServicePorts } from './service-orders.ts';

/** Every kind of step there is. The set is small and closed: reversibility is a property of these files. */
export function stepKinds(ports: CommandPorts & FilePorts & ProbePorts & RecordPorts & ServicePorts): StepKinds {
  return {
    command: commandKind(ports),
    file: fileKind(ports),
    probe: probeKind(ports),
    record: recordKind(ports),
    service: serviceKind(ports),
  };
}
