import { readdirSync, readlinkSync } from 'node:fs';

/** The far ends of a command's stdout and stderr, as /proc names them. Empty where there is no /proc. */
export function outputEnds(pid: number): string[] {
  if (process.platform !== 'linux') return [];
  return [1, 2].map((fd) => linkOf(`/proc/${pid}/fd/${fd}`)).filter((link) => link.startsWith('socket:'));
}

/** Who holds one of these ends open. Reads every open file of the machine: for rare cases only. */
export function outputHolders(ends: readonly string[]): Set<number> {
  if (ends.length === 0) return new Set();
  const pids = entriesOf('/proc').filter((name) => /^\d+$/.test(name));
  return new Set(pids.filter((pid) => holdsOne(pid, ends)).map(Number));
}

function holdsOne(pid: string, ends: readonly string[]): boolean {
  return entriesOf(`/proc/${pid}/fd`).some((fd) => ends.includes(linkOf(`/proc/${pid}/fd/${fd}`)));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
