import { realpathSync, statSync } from 'node:fs';
import { coerceError } from '../../errors.ts';
import { type ContainerSpec, isWritable } from '../../planning/container.ts';
import { collide } from '../../planning/resources.ts';

/** What of the host nobody may change for a task, and what nobody may see. */
export interface Guarded {
  readOnly: readonly string[];
  hidden: readonly string[];
}

/** Why one of its mounts may not be; null where all may. */
export function mountFault({ volumes = [] }: ContainerSpec, guarded: Guarded): string | null {
  for (const volume of volumes) {
    const why = pathFault(volume.host) ?? guardFault(volume.host, isWritable(volume), guarded);
    if (why !== null) return `mounts ${volume.host}, which ${why}`;
  }
  return null;
}

/** Policy judged the path as it was written; a socket may be the engine's own, and that is the whole host. */
function pathFault(path: string): string | null {
  try {
    const real = realpathSync.native(path);
    if (real !== path) return `leads to ${real}: name that`;
    const stat = statSync(path);
    return stat.isFile() || stat.isDirectory() ? null : 'is neither a file nor a folder';
  } catch (error) {
    return `cannot be mounted: ${coerceError(error).message}`;
  }
}

function guardFault(path: string, writable: boolean, { readOnly, hidden }: Guarded): string | null {
  const meets = (other: string) => path === '/' || collide(`path:${path}`, `path:${other}`);
  if (hidden.some(meets)) return 'is or holds what only the daemon may see';
  return writable && readOnly.some(meets) ? 'is or holds what is protected: mount it read_only' : null;
}
