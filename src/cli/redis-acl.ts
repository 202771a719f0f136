import { hash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { aclUsers } from '../adapters/redis-acl.ts';
import { passwordIn } from '../password.ts';
import type { Context } from './context.ts';
import { print, tell } from './terminal.ts';

/**
 * `ops redis acl`: the users of Redis that Ops and those around it need, as lines of an aclfile. Passwords are made in
 * files of a folder, once; a line has the digest, which logs nobody in.
 */
export function redisAcl({ config }: Context, { passwords }: { passwords?: string }): void {
  const users = aclUsers(config.queues, config.host.name);
  if (passwords === undefined) tell('none of these users has a password: give a folder for them with --passwords');
  else mkdirSync(passwords, { recursive: true, mode: 0o700 });
  for (const { name, rules } of users) {
    const digest = passwords === undefined ? '' : `#${hash('sha256', passwordIn(join(passwords, name)))} `;
    print(`user ${name} reset on ${digest}${rules}`);
  }
}
