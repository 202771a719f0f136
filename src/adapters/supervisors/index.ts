import type { Supervisors } from '../../services/host.ts';
import { type CommandPorts, commandSupervisor } from './command.ts';
import { type ContainerPorts, containerSupervisor } from './container.ts';
import { type LaunchdPorts, launchdSupervisor } from './launchd.ts';
import { type Pm2Ports, pm2Supervisor } from './pm2.ts';
import { type SystemdPorts, systemdSupervisor } from './systemd.ts';

/** Every supervisor there is. */
export function supervisorsWith(
  ports: CommandPorts & ContainerPorts & LaunchdPorts & Pm2Ports & SystemdPorts,
): Supervisors {
  return {
    command: commandSupervisor(ports),
    container: containerSupervisor(ports),
    launchd: launchdSupervisor(ports),
    pm2: pm2Supervisor(ports),
    systemd: systemdSupervisor(ports),
  };
}
