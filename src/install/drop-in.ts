import { statSync } from 'node:fs';
import { policyFile } from '../adapters/etc-files.ts';
import type { Config } from '../config.ts';
import { NO_ROOT_WORK, rootWorkOf } from './root-work.ts';
import { sudoersDropIn } from './sudoers.ts';

/** The drop-in for the daemon of this home, whose user that is; null where nothing needs one. @throws OpsError */
export function dropInFor({ home, host, runAs }: Config, daemon: string): string | null {
  const { uid } = statSync(home.var.dir);
  const policy = policyFile(home.etc.policy).current();
  const work = uid === 0 ? NO_ROOT_WORK : rootWorkOf(policy, host.name, process.platform === 'darwin');
  if (runAs === null && !work.upgrades && work.services.length + work.packages.length === 0) return null;
  return sudoersDropIn({ daemon, runAs, work, home });
}
