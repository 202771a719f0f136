import { statSync } from 'node:fs';
import { execa } from 'execa';
import { policyFile } from '../adapters/etc-files.ts';
import { OpsError } from '../errors.ts';
import { sudoersDropIn } from '../install/sudoers.ts';
import type { Context } from './context.ts';
import { print } from './terminal.ts';

const LAUNCHD = 'launchd/';
const LAUNCH_DAEMONS = '/Library/LaunchDaemons';

/** `ops sudoers`: what an operator may allow the daemon to do as somebody else. It installs nothing. */
export async function sudoers({ config }: Context): Promise<void> {
  const { home, runAs } = config;
  const { allow } = policyFile(home.etc.policy).current();
  const services = allow.flatMap((rule) => rule.services ?? []).filter((name) => name.startsWith(LAUNCHD));
  const labels = [...new Set(services)].map((name) => name.slice(LAUNCHD.length));
  if (runAs === null && labels.length === 0) {
    throw new OpsError(
      `nothing of this home needs sudo: there is no run_as in ${home.etc.ops}, and no service launchd/<label> in ${home.etc.policy}`,
    );
  }
  const daemon = await nameOf(statSync(home.var.dir).uid);
  print(sudoersDropIn({ daemon, runAs, labels, launchDaemons: LAUNCH_DAEMONS, staged: home.var.services }).trimEnd());
}

async function nameOf(uid: number): Promise<string> {
  return (await execa('id', ['-un', String(uid)])).stdout;
}
