import { join } from 'node:path';
import { homeOf } from '../config.ts';
import type { Home } from '../home.ts';

/** The place that the plists of `launchd/` are written for. */
export const DEFAULT_ROOT = '/opt/savorg-ops';

/** The daemon's account. */
export const USER = '_savorgops';

export const LABEL = { ops: 'com.savorg.ops', redis: 'com.savorg.redis' } as const;
export type ServiceName = keyof typeof LABEL;

/** Where an installation lies. Everything but `home.var` is root's. */
export interface Layout {
  root: string;
  home: Home;
  app: string;
  /** A link to the folder of the version that runs. */
  current: string;
  node: string;
  /** The `node` before the last upgrade, for going back. */
  nodeBefore: string;
  /** HOME of the daemon and of what it runs. */
  userHome: string;
  plist: Record<ServiceName, string>;
  /** The `ops` that people type. */
  command: string;
}

export interface Places {
  root: string;
  launchDaemons: string;
  bin: string;
}

export function layoutOf({ root, launchDaemons, bin }: Places): Layout {
  const home = homeOf(root);
  const at = (...parts: string[]) => join(home.root, ...parts);
  return {
    root: home.root,
    home,
    app: at('app'),
    current: home.installed.current,
    node: home.installed.node,
    nodeBefore: at('node.before'),
    userHome: home.var.userHome,
    plist: {
      ops: join(launchDaemons, `${LABEL.ops}.plist`),
      redis: join(launchDaemons, `${LABEL.redis}.plist`),
    },
    command: join(bin, 'ops'),
  };
}
