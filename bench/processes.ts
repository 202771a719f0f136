import { readdirSync, readFileSync } from 'node:fs';

/** /proc tells what a process used and holds; elsewhere these figures are left out. */
export const hasProc = process.platform === 'linux';

const TICK_MS = 10;
const PROGRAM_END = ') ';

export interface Cpu {
  own: number;
  /** Of its children that have ended. */
  children: number;
}

/** Milliseconds of processor time since its start, by user and system. */
export function cpuMs(pid: number): Cpu {
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fieldsOf(pid).slice(11, 15).map(Number);
  return { own: (user + system) * TICK_MS, children: (childUser + childSystem) * TICK_MS };
}

/** In MB: what it holds now, and the most it ever held; null where there is no /proc. */
export function memoryMb(pid: number | undefined): { now: number | null; peak: number | null } {
  if (pid === undefined) return { now: null, peak: null };
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return { now: kb('VmRSS') / 1024, peak: kb('VmHWM') / 1024 };
}

/** The child of `parent` whose command line names `what`. */
export function childOf(parent: number, what: string): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return Number(pids.find((pid) => isChild(Number(pid), parent, what)));
}

function isChild(pid: number, parent: number, what: string): boolean {
  try {
    return Number(fieldsOf(pid)[1]) === parent && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(what);
  } catch {
    return false;
  }
}

function fieldsOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(PROGRAM_END) + PROGRAM_END.length).split(' ');
}
