import { systemClock } from './adapters/clock.ts';
import { imageStore } from './adapters/containers/images.ts';
import { containersOf } from './adapters/containers/index.ts';
import { directories } from './adapters/directories.ts';
import { appsFile } from './adapters/etc-files.ts';
import { factReader } from './adapters/facts.ts';
import { files } from './adapters/files.ts';
import { hostHealth } from './adapters/host-health.ts';
import { links } from './adapters/links.ts';
import { proberWith } from './adapters/prober.ts';
import { offLimitsIn } from './adapters/sandbox/grounds.ts';
import type { SandboxHere } from './adapters/sandbox/sandbox.ts';
import { settingStores } from './adapters/settings/index.ts';
import { snapshotsIn } from './adapters/snapshots.ts';
import { DEFINITIONS } from './adapters/supervisors/definitions.ts';
import { supervisorsWith } from './adapters/supervisors/index.ts';
import { treesWith } from './adapters/trees/index.ts';
import { upgradesOf } from './adapters/upgrades.ts';
import type { Config } from './config.ts';
import type { AppsFile } from './planning/app.ts';
import { type AppQuery, appFact } from './services/app-facts.ts';
import type { Commands } from './services/commands.ts';
import type { Containers } from './services/containers.ts';
import type { Supervisors } from './services/host.ts';
import { keptOf } from './services/kept-containers.ts';
import type { Ledger } from './services/ledger.ts';
import type { FactReader, Secrets } from './services/ports.ts';
import type { ReleaseLedger } from './services/releases.ts';
import type { ScheduleFacts } from './services/schedule-facts.ts';
import type { StepKinds } from './services/step-kind.ts';
import { stepKinds } from './steps/index.ts';
import type { RecordPorts } from './steps/record/index.ts';

/** The host as plans and steps see it. */
export interface Machine {
  kinds: StepKinds;
  facts: FactReader;
  /** What is declared in `etc/apps.yaml` now. @throws OpsError where it cannot be read. */
  apps: () => AppsFile;
}

/** What of it is not the same for whoever looks or acts. */
export interface MachineParts {
  commands: Commands;
  /** In which they run. */
  sandbox: SandboxHere;
  secrets: Secrets;
  rows: RecordPorts['schedules'];
  schedules: ScheduleFacts;
  /** What the ledger knows of the tasks and releases of this host. */
  ledger: Pick<Ledger, 'task' | 'lateTokens' | 'write' | 'withdrawals' | 'laterTaskOn' | 'steps'> & ReleaseLedger;
}

export function machineOf(config: Config, parts: MachineParts): Machine {
  const { baseEnv, home, protect } = config;
  const { commands, sandbox, secrets, rows, schedules, ledger } = parts;
  const containers = containersOf(config);
  const stores = { ...settingStores(baseEnv), image: imageStore(containers) };
  const trees = treesWith({ remotes: home.var.remotes, env: baseEnv });
  const upgrades = upgradesOf({ home, ledger, clock: systemClock });
  const things = { files, directories, links, stores, containers, upgrades };
  const supervisors = supervisorsOf(config, { commands, containers });
  const kinds = stepKinds({
    ...things,
    commands,
    secrets,
    supervisors,
    baseEnv,
    protect,
    schedules: rows,
    releases: ledger,
    trees,
    snapshots: snapshotsIn(home.var.snapshots),
    self: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    prober: proberWith({ commands, files, baseEnv }),
    clock: systemClock,
  });
  const kept = (name: string) => keptOf(name, { ledger, containers, clock: systemClock });
  const appsDeclared = appsFile(home.etc.apps);
  const apps = () => appsDeclared.current();
  const appParts = { apps, ledger, files, links, trees, supervisors, health: hostHealth, clock: systemClock };
  const app = (query: AppQuery) => appFact(query, appParts);
  const offLimits = offLimitsIn(config);
  return { kinds, facts: factReader({ ...things, app, kept, schedules, supervisors, sandbox, offLimits }), apps };
}

function supervisorsOf(
  { baseEnv, runAs, home }: Config,
  own: { commands: Commands; containers: Containers },
): Supervisors {
  return supervisorsWith({
    ...own,
    baseEnv,
    runAs,
    clock: systemClock,
    folder: home.var.services,
    launchDaemons: DEFINITIONS.launchd,
    units: DEFINITIONS.systemd,
  });
}
