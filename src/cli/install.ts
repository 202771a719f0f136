import { type InstallOptions, install } from '../install/install.ts';
import { DEFAULT_ROOT, layoutOf } from '../install/layout.ts';
import { uninstall } from '../install/uninstall.ts';
import { upgrade } from '../install/upgrade.ts';
import { upgradeByTask } from '../install/upgrade-by-task.ts';
import { print } from './terminal.ts';

/** Other places than the usual ones: for tests. */
export interface PlaceOptions {
  launchDaemons: string;
  bin: string;
}

const layout = (root: string | undefined, places: PlaceOptions) => layoutOf({ root: root ?? DEFAULT_ROOT, ...places });

/** `ops install`: a LaunchDaemon of this version, started; says what it did and what is left for people. */
export const installHere = (root: string | undefined, options: PlaceOptions & InstallOptions): Promise<void> =>
  install(layout(root, options), options, print);

/** `ops upgrade`: this version in the place of the installed one; with a signed task, the one that it names. */
export const upgradeHere = (
  root: string | undefined,
  { task, ...places }: PlaceOptions & { task?: string },
): Promise<void> =>
  task === undefined ? upgrade(layout(root, places), print) : upgradeByTask(layout(root, places), task, print);

/** `ops uninstall`: the program and its services; settings and ledger stay. */
export const uninstallHere = (root: string | undefined, options: PlaceOptions): Promise<void> =>
  uninstall(layout(root, options), print);
