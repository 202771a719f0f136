import type { StepKinds } from '../services/step-kind.ts';
import { type CommandPorts, commandKind } from './command.ts';
import { type ContainerPorts, containerKind } from './container.ts';
import { type DirectoryPorts, directoryKind } from './directory.ts';
import { type FilePorts, fileKind } from './file.ts';
import { type LinkPorts, linkKind } from './link.ts';
import { type ProbePorts, probeKind } from './probe.ts';
import { type RecordPorts, recordKind } from './record/index.ts';
import { serviceKind } from './service.ts';
import type { ServicePorts } from './service-orders.ts';
import { type SettingPorts, settingKind } from './setting.ts';
import { type TreePorts, treeKind } from './tree.ts';
import { type UpgradePorts, upgradeKind } from './upgrade.ts';
import { type WatchPorts, watchKind } from './watch.ts';

type Ports = CommandPorts &
  ContainerPorts &
  DirectoryPorts &
  FilePorts &
  LinkPorts &
  ProbePorts &
  RecordPorts &
  ServicePorts &
  SettingPorts &
  TreePorts &
  UpgradePorts &
  WatchPorts;

/** Every kind of step there is. The set is small and closed: reversibility is a property of these files. */
export function stepKinds(ports: Ports): StepKinds {
  return {
    command: commandKind(ports),
    container: containerKind(ports),
    directory: directoryKind(ports),
    file: fileKind(ports),
    link: linkKind(ports),
    probe: probeKind(ports),
    record: recordKind(ports),
    service: serviceKind(ports),
    setting: settingKind(ports),
    tree: treeKind(ports),
    upgrade: upgradeKind(ports),
    watch: watchKind(ports),
  };
}
