import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { readlink, rename, rm, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory, writeAtomically } from '../adapters/atomic-write.ts';
import type { Stage } from './stage.ts';

/** Who may do what with a file or folder. */
export interface Access {
  uid: number;
  gid: number;
  mode: number;
}

/** root's, readable by all. */
export const PUBLIC_FILE: Access = { uid: 0, gid: 0, mode: 0o644 };
export const PUBLIC_FOLDER: Access = { uid: 0, gid: 0, mode: 0o755 };

export function folder(path: string, access: Access): Stage {
  return {
    what: `${path}/ (${describe(access)})`,
    isDone: () => hasAccess(path, access),
    make() {
      mkdirSync(path, { recursive: true, mode: access.mode });
      setAccess(path, access);
    },
  };
}

/** A file that belongs to this version of the program: other content is replaced. */
export function programFile(path: string, access: Access, content: string): Stage {
  return {
    what: `${path} (${describe(access)})`,
    isDone: () => hasAccess(path, access) && readFileSync(path, 'utf8') === content,
    make: () => writeAtomically(path, content, { mode: access.mode, owner: access }),
  };
}

/** A file that is made once and then belongs to the operator: its content is left alone. */
export function settingsFile(path: string, access: Access, content: () => Promise<string> | string): Stage {
  return {
    what: `${path} (${describe(access)})`,
    isDone: () => hasAccess(path, access),
    async make() {
      if (lstatSync(path, { throwIfNoEntry: false })) setAccess(path, access);
      else await writeAtomically(path, await content(), { mode: access.mode, owner: access });
    },
  };
}

/** Points a link at `target`, without a moment in which it is missing. */
export async function swapLink(path: string, target: string): Promise<void> {
  const next = `${path}.next`;
  await rm(next, { force: true });
  await symlink(target, next);
  await rename(next, path);
  await syncDirectory(dirname(path));
}

export const linkTarget = (path: string): Promise<string | null> => readlink(path).catch(() => null);

export function hasAccess(path: string, { uid, gid, mode }: Access): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && stat.uid === uid && stat.gid === gid && (stat.mode & 0o7777) === mode;
}

export function setAccess(path: string, { uid, gid, mode }: Access): void {
  chownSync(path, uid, gid);
  chmodSync(path, mode);
}

const describe = ({ uid, mode }: Access): string =>
  `${uid === 0 ? "root's" : "the daemon's"}, ${mode.toString(8).padStart(4, '0')}`;
