import { dirname } from 'node:path/posix';
import { OpsError } from '../../errors.ts';
import { visible } from '../../visible.ts';

const LONGEST_PATH_BYTES = 900;
const LONGEST_NAME_BYTES = 255;

interface Taken {
  path: string;
  isDirectory: boolean;
}

/**
 * The paths of one tree. It takes those only that mean the same on every host: relative, inside, of visible characters,
 * with no two that a Mac takes for one, and nothing below what is no directory.
 */
export class Names {
  readonly #taken = new Map<string, Taken>();

  /** The directories above it that are new, from the top. @throws OpsError with what is wrong with the path. */
  take(path: string, isDirectory: boolean): string[] {
    refuseBadPath(path);
    const parents = this.#newAbove(path);
    const there = this.#taken.get(folded(path));
    if (there && !(there.isDirectory && isDirectory && there.path === path)) throw clash(path, there.path);
    this.#taken.set(folded(path), { path, isDirectory });
    return parents;
  }

  has = (path: string): boolean => this.#taken.has(folded(path));

  #newAbove(path: string): string[] {
    const parent = dirname(path);
    if (parent === '.') return [];
    const there = this.#taken.get(folded(parent));
    if (there?.path === parent && there.isDirectory) return [];
    if (there) throw clash(path, there.path);
    const above = this.#newAbove(parent);
    this.#taken.set(folded(parent), { path: parent, isDirectory: true });
    return [...above, parent];
  }
}

/** APFS folds case and forms of accents; `ß` and `SS` are one name there. */
const folded = (path: string): string => path.normalize('NFD').toUpperCase().toLowerCase().normalize('NFC');

const clash = (path: string, other: string): OpsError =>
  new OpsError(
    path === other
      ? `${shown(path)} is in it twice`
      : `${shown(path)} and ${shown(other)} cannot both be in it: they are one name on some hosts, or one is no directory`,
  );

function refuseBadPath(path: string): void {
  const problem = problemOf(path);
  if (problem !== null) throw new OpsError(`${shown(path)} ${problem}`);
}

function problemOf(path: string): string | null {
  const parts = path.split('/');
  if (path.startsWith('/')) return 'is an absolute path';
  if (parts.includes('..')) return 'leads out of the tree';
  if (parts.includes('') || parts.includes('.')) return 'has an empty part, or a dot for one';
  if (/[\\\p{Cc}\uFFFD]/u.test(path)) return 'has a backslash, a control character, or one that is no UTF-8';
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) return `is longer than ${LONGEST_PATH_BYTES} bytes`;
  const isLong = parts.some((part) => Buffer.byteLength(part) > LONGEST_NAME_BYTES);
  return isLong ? `has a name longer than ${LONGEST_NAME_BYTES} bytes` : null;
}

/**
 * A link may lead to what is in the tree. After a name no `..` may come: that name can be a link itself.
 * @throws OpsError where it may lead elsewhere.
 */
export function refuseLeadingOut(path: string, target: string): void {
  const ups = /^(?:\.\.?\/+)*(?:\.\.?$)?/.exec(target)?.[0] ?? '';
  const rest = target.slice(ups.length).split('/');
  const height = ups.split('/').filter((part) => part === '..').length;
  const depth = path.split('/').length - 1;
  const isInside = target !== '' && !target.startsWith('/') && height <= depth && !rest.includes('..');
  if (isInside && !/[\\\p{Cc}\uFFFD]/u.test(target) && Buffer.byteLength(target) <= LONGEST_PATH_BYTES) return;
  throw new OpsError(`${shown(path)} is a link to ${shown(target)}, which may lead out of the tree`);
}

/** For an error: what somebody else called it, and not all of it. */
export const shown = (text: string): string => visible(JSON.stringify(text.slice(0, 200)));
