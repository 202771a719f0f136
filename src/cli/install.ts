import { type InstallOptions, install } from '../install/install.ts';
import { DEFAULT_ROOT, layoutOf } from '../install/layout.ts';
import { uninstall } from '../install/uninstall.ts';
import { upgrade } from '../install/upgrade.ts';
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

/** `ops upgrade`: this version in the place of the installed one. */
export const upgradeHere = (root: string | undefined, options: PlaceOptions): Promise<void> =>
  upgrade(layout(root, options), print);

/** `ops uninstall`: the program and its services; settings and ledger stay. */
export const uninstallHere = (root: string | undefined, options: PlaceOptions): Promise<void> =>
  uninstall(layout(root, options), print);
