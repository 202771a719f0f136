import type { Account } from '../adapters/accounts.ts';
import { asAccount } from './etc.ts';
import { folder } from './files.ts';
import type { Layout } from './layout.ts';
import type { Stage } from './stage.ts';

/** The user whom commands run as, if this installation makes one. */
export const RUNNER = '_savorgrun';

/** The folders of that user: the first is the daemon's group's, too, which reads and removes the records there. */
export function runnerStages({ home }: Layout, daemon: Account, runner: Account): Stage[] {
  const { dir, home: userHome } = home.runner;
  return [
    { ...folder(dir, { uid: runner.uid, gid: daemon.gid, mode: 0o2770 }), what: `${dir}/ (${RUNNER}'s, 2770)` },
    asAccount(runner, { ...folder(userHome, { ...runner, mode: 0o700 }), what: `${userHome}/ (${RUNNER}'s, 0700)` }),
  ];
}
