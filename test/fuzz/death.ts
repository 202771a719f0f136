import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunPoint } from '../../src/runner/run.ts';
import type { Point } from '../../src/services/failpoint.ts';

export type Victim = 'daemon' | 'runner' | 'redis';

/** Who dies by SIGKILL, and where. */
export interface Death {
  at: Point | RunPoint;
  /** The how-manieth time that the point is come to after the sentence; 1 is the next. */
  hit: number;
  victims: readonly Victim[];
  /** Nobody dies: the daemon trips over an error there. */
  throws?: true;
}

const sentence = (root: string): string => join(root, 'death.json');
const died = (root: string): string => join(root, 'deaths');
const pidFile = (root: string, who: Victim): string =>
  join(root, who === 'redis' ? 'var/redis/redis.pid' : `${who}.pid`);

/** Says where the daemon, its runner and its Redis die next; a daemon that runs hears of it, too. */
export function condemn(root: string, death: Death): void {
  // Whole or not at all: it may be read at any time.
  writeFileSync(`${sentence(root)}~`, JSON.stringify(death));
  renameSync(`${sentence(root)}~`, sentence(root));
}

export const pardon = (root: string): void => rmSync(sentence(root), { force: true });

/** The points at which somebody died in this home, the oldest first. */
export function deathsIn(root: string): string[] {
  return read(died(root)).split('\n').filter(Boolean);
}

/** The failpoint of a process of this home: when the sentence comes true its victims are gone before it returns. */
export function mortal(root: string, self: 'daemon' | 'runner'): (point: Point | RunPoint) => void {
  writeFileSync(pidFile(root, self), String(process.pid));
  let [text, hits] = ['', 0];
  return (point) => {
    const now = read(sentence(root));
    if (now !== text) [text, hits] = [now, 0];
    if (text === '') return;
    const { at, hit, victims, throws }: Death = JSON.parse(text);
    if (at !== point) return;
    hits += 1;
    if (hits === hit) die(root, point, victims, self);
    if (hits === hit && throws) throw new Error(`it tripped at ${point}`);
  };
}

function die(root: string, point: string, victims: readonly Victim[], self: Victim): void {
  pardon(root);
  appendFileSync(died(root), `${point}\n`);
  // Itself last.
  for (const victim of victims.toSorted((a, b) => Number(a === self) - Number(b === self))) killNow(root, victim);
}

/** SIGKILL to whoever it is at present. */
export const killNow = (root: string, victim: Victim): void => send(Number(read(pidFile(root, victim))), 'SIGKILL');

/** Has it do nothing for so long. */
export async function standStill(pid: number, ms: number): Promise<void> {
  send(pid, 'SIGSTOP');
  await pause(ms);
  send(pid, 'SIGCONT');
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid > 1) process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
