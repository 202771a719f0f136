import { setTimeout as delay } from 'node:timers/promises';
import { KILL_WAIT_MS, MAX_TIMER_MS } from './messages.ts';
import { type Process, type ReadProcesses, sameStart, treeBelow } from './process-table.ts';

/** What to end: a process group and, with `tree`, what descends from it in other groups. */
export interface Target {
  /** The group, which is also the pid of its leader. */
  group: number;
  /** Of the leader. Another start at that pid is a stranger. */
  start: number;
  tree: boolean;
}

export interface Ending {
  /** Whether TERM was not enough. */
  forced: boolean;
  /** What KILL did not end either: stuck in the kernel, or another user's. */
  alive: Process[];
}

/** Sends a signal to a process, or with a negative number to a group. Whether it came the next look tells. */
export type SendSignal = (pid: number, signal: NodeJS.Signals) => void;

type Look = () => Promise<Process[]>;
const LONGEST_PAUSE_MS = 100;

/** Ends the target: TERM, after `graceMs` KILL. The tree is taken before the first TERM, for it falls apart with it. */
export async function endProcesses(
  target: Target,
  graceMs: number,
  read: ReadProcesses,
  send: SendSignal = trySignal,
): Promise<Ending> {
  const look = observer(target, read);
  const found = await look();
  if (found.length === 0) return { forced: false, alive: [] };
  signalAll(target.group, found, 'SIGTERM', send);
  const stubborn = await waitUntilGone(look, graceMs, () => undefined);
  if (stubborn.length === 0) return { forced: false, alive: [] };
  const kill = (alive: readonly Process[]): void => signalAll(target.group, alive, 'SIGKILL', send);
  kill(stubborn);
  // A fork can slip past one KILL, so each look repeats it.
  return { forced: true, alive: await waitUntilGone(look, KILL_WAIT_MS, kill) };
}

/** Whether the group has members; zombies count, so a yes wants a look at the table. */
export function groupAnswers(group: number): boolean {
  return answers(-group);
}

async function waitUntilGone(look: Look, limitMs: number, again: (alive: Process[]) => void): Promise<Process[]> {
  const limit = AbortSignal.timeout(Math.min(limitMs, MAX_TIMER_MS));
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    await delay(pauseMs, undefined, { signal: limit }).catch(() => undefined);
    const alive = await look();
    if (alive.length === 0 || limit.aborted) return alive;
    again(alive);
  }
}

/** Each look tells what of the target is alive, and remembers its members in other groups from look to look. */
function observer(target: Target, read: ReadProcesses): Look {
  const outside = new Map<number, Process>();
  let first = true;
  return async () => {
    if (!first && !groupAnswers(target.group) && ![...outside.keys()].some(answers)) return [];
    first = false;
    const table = await read().catch(() => null);
    if (table === null) return blindLook(target, outside);
    const members = groupMembers(table, target);
    if (target.tree) rememberTree(table, members, target, outside);
    return [...members, ...stillAlive(table, outside.values())];
  };
}

/** The living of the group; none if its number belongs to a stranger by now. */
export function groupMembers(table: readonly Process[], target: Target): Process[] {
  const leader = table.find((process) => process.pid === target.group);
  if (leader !== undefined && !sameStart(leader.start, target.start)) return [];
  return table.filter((process) => process.group === target.group && !process.zombie);
}

/** Those of `processes` that are in the table, the same ones, and alive. */
export function stillAlive(table: readonly Process[], processes: Iterable<Process>): Process[] {
  const byPid = new Map(table.map((process) => [process.pid, process]));
  return [...processes].filter((process) => {
    const now = byPid.get(process.pid);
    return now !== undefined && !now.zombie && sameStart(now.start, process.start);
  });
}

function rememberTree(
  table: readonly Process[],
  members: readonly Process[],
  target: Target,
  outside: Map<number, Process>,
): void {
  const roots = [...members, ...stillAlive(table, outside.values())].map((process) => process.pid);
  for (const process of treeBelow(table, roots)) {
    if (process.group !== target.group) outside.set(process.pid, process);
  }
}

/** Where the table cannot be read, as under a fork bomb: whoever answers counts as alive. */
function blindLook(target: Target, outside: ReadonlyMap<number, Process>): Process[] {
  const found = [...outside.values()].filter((process) => answers(process.pid));
  if (!groupAnswers(target.group)) return found;
  const leader = {
    pid: target.group,
    parent: 0,
    group: target.group,
    start: target.start,
    zombie: false,
    program: '?',
  };
  return [leader, ...found];
}

function signalAll(group: number, alive: readonly Process[], signal: NodeJS.Signals, send: SendSignal): void {
  if (alive.some((process) => process.group === group)) send(-group, signal);
  for (const process of alive) {
    if (process.group !== group) send(process.pid, signal);
  }
}

/** Gone, or not ours to signal: either way the next look tells. */
export function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The next look tells.
  }
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
