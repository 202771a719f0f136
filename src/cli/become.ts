import { statSync } from 'node:fs';
import { become } from '../adapters/users.ts';
import { OpsError } from '../errors.ts';
import type { Home } from '../home.ts';

/**
 * Becomes the user whose home it is, before anything of it is opened: on an installed host `ops` is started as root, and
 * a file of root's in `var` would lock the daemon out. What only root can read (keys, tasks) is read before this.
 * @throws OpsError for a user who is neither.
 */
export function becomeOwner({ root, var: { dir } }: Home): void {
  const owner = statSync(dir, { throwIfNoEntry: false });
  const user = process.geteuid?.();
  if (!owner || owner.uid === user) return;
  if (user !== 0) throw new OpsError(`${root} belongs to another user: type it with sudo`);
  become(owner);
}
