import type { OwnerFact } from '../planning/facts.ts';

/** Becomes another user for good: nothing of root is left, no group of its either. */
export function become({ uid, gid }: OwnerFact): void {
  process.setgroups?.([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

/**
 * Does some work as another user, then is root again. Root must not write where that user may: a link planted there
 * would lead it anywhere. Nothing else may go on meanwhile: the whole process changes.
 */
export async function asUser<T>({ uid, gid }: OwnerFact, work: () => Promise<T> | T): Promise<T> {
  process.setgroups?.([gid]);
  process.setegid?.(gid);
  process.seteuid?.(uid);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.([0]);
  }
}
