import { readdirSync, readFileSync } from 'node:fs';

/** One process as the system lists it. */
export interface Process {
  pid: number;
  parent: number;
  group: number;
  /** Tells two owners of one pid apart: on Linux clock ticks since boot, elsewhere milliseconds since 1970. */
  start: number;
  /** Ended already and only waiting for its parent to notice. */
  zombie: boolean;
  program: string;
}

export type ReadProcesses = () => Promise<Process[]>;

/** `ps` where there is no /proc. One `-o` each: BSD reads a comma after `=` as part of the heading. */
export const PS = {
  file: '/bin/ps',
  args: ['-ax', '-o', 'pid=', '-o', 'ppid=', '-o', 'pgid=', '-o', 'stat=', '-o', 'lstart=', '-o', 'comm='],
  env: { LC_ALL: 'C', TZ: 'UTC' },
} as const;

const PS_LINE = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s+(.+?)\s*$/;
/** `lstart` has whole seconds, and what the runner notes itself is taken just after the start. */
const START_TOLERANCE_MS = 2_000;

/** Every process, by one reading of /proc. Linux only. */
export function readProc(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((process) => process !== null);
}

/** One process by /proc, or null where it is gone. Linux only. */
export function readProcess(pid: number): Process | null {
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return null;
  }
}

/** The program's name stands in parentheses and may hold any of them, so the last one counts. */
function parseStat(pid: number, stat: string): Process {
  const close = stat.lastIndexOf(')');
  const fields = stat.slice(close + 2).split(' ');
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    start: Number(fields[19]),
    zombie: isDead(fields[0] ?? ''),
    program: stat.slice(stat.indexOf('(') + 1, close),
  };
}

/** What `ps` with the arguments above prints. Lines of another form are left out. */
export function parsePs(text: string): Process[] {
  return text.split('\n').flatMap((line) => {
    const [, pid, parent, group, state = '', started = '', command = ''] = PS_LINE.exec(line) ?? [];
    const start = Date.parse(`${started} UTC`);
    if (pid === undefined || Number.isNaN(start)) return [];
    const program = command.slice(command.lastIndexOf('/') + 1);
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), start, zombie: isDead(state), program }];
  });
}

const isDead = (state: string): boolean => /^[ZX]/.test(state);

/** Whether two readings of one pid are of the same process. */
export function sameStart(one: number, other: number): boolean {
  return process.platform === 'linux' ? one === other : Math.abs(one - other) <= START_TOLERANCE_MS;
}

/** The descendants of `roots`, themselves not included. */
export function treeBelow(table: readonly Process[], roots: Iterable<number>): Process[] {
  const children = Map.groupBy(table, (process) => process.parent);
  const reached = new Set(roots);
  const found: Process[] = [];
  for (const pid of reached) {
    for (const child of children.get(pid) ?? []) {
      if (reached.has(child.pid)) continue;
      reached.add(child.pid);
      found.push(child);
    }
  }
  return found;
}

/** Lets callers of one tick share one reading. A reading under way is not shared: it may be older than the question. */
export function sharedReader(read: () => Process[] | Promise<Process[]>): ReadProcesses {
  let next: Promise<Process[]> | null = null;
  return () => {
    next ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      next = null;
      return read();
    });
    return next;
  };
}

/** As a report names a process. */
export const processName = (process: Process): string => `${process.pid} ${process.program}`;
