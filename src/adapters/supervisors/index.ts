import type { Commands, Supervisors } from '../../services/ports.ts';
import { commandSupervisor } from './command.ts';

export interface SupervisorPorts {
  commands: Commands;
  /** What every program that is asked finds in its environment. */
  baseEnv: Readonly<Record<string, string>>;
}

/** Every supervisor there is. */
export function supervisorsWith(ports: SupervisorPorts): Supervisors {
  return { command: commandSupervisor(ports) };
}
