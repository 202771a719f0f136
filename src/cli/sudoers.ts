import { statSync } from 'node:fs';
import { execa } from 'execa';
import { OpsError } from '../errors.ts';
import { dropInFor } from '../install/drop-in.ts';
import type { Context } from './context.ts';
import { print } from './terminal.ts';

/** `ops sudoers`: what an operator may allow the daemon to do as somebody else. It installs nothing. */
export async function sudoers({ config }: Context): Promise<void> {
  const { etc, var: own } = config.home;
  const { stdout: daemon } = await execa('id', ['-un', String(statSync(own.dir).uid)]);
  const text = dropInFor(config, daemon);
  if (text !== null) return print(text.trimEnd());
  throw new OpsError(
    `nothing of this home needs sudo: there is no run_as in ${etc.ops}, and no service or package of root's in ${etc.policy}, or the daemon is root itself`,
  );
}
