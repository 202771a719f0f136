import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { BenchHome } from './home.ts';

const LOOK_MS = 2;
const ADDED = "SELECT schedule || ' ' || due_at AS slot, due_at FROM slots WHERE due_at >= ?";

/** From the moment when they are due, in milliseconds: one figure for each slot. */
export interface SlotTimes {
  /** Until the claim is on the disk: another process finds it in the ledger. */
  claimed: number[];
  /** Until Redis has the job. */
  queued: number[];
}

/** Watches from outside what becomes of the `count` slots that are due from `from` on. */
export async function watchSlots({ home, url }: BenchHome, from: number, count: number): Promise<SlotTimes> {
  const [claimed, queued] = await Promise.all([claims(home.var.ledger, from, count), additions(url, from, count)]);
  return { claimed, queued };
}

/** Resolves with the milliseconds from `from` until all slots due since then have ended, or null after `limitMs`. */
export async function untilEnded({ home }: BenchHome, from: number, limitMs: number): Promise<number | null> {
  using db = new DatabaseSync(home.var.ledger, { readOnly: true });
  const open = db.prepare("SELECT count(*) AS n FROM slots WHERE state IN ('waiting', 'enqueued')");
  while (Date.now() < from + limitMs) {
    if (open.get()?.['n'] === 0) return Date.now() - from;
    await pause(50);
  }
  return null;
}

async function claims(path: string, from: number, count: number): Promise<number[]> {
  using db = new DatabaseSync(path, { readOnly: true });
  const version = db.prepare('PRAGMA data_version');
  const added = db.prepare(ADDED);
  const seen = new Map<string, number>();
  for (let last: unknown; seen.size < count; await pause(LOOK_MS)) {
    const now = version.get()?.['data_version'];
    if (now === last) continue;
    last = now;
    const at = Date.now();
    for (const { slot, due_at } of added.all(from)) {
      if (!seen.has(String(slot))) seen.set(String(slot), at - Number(due_at));
    }
  }
  return [...seen.values()];
}

/** The events of a queue bear Redis' own time. */
async function additions(url: string, from: number, count: number): Promise<number[]> {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  const times: number[] = [];
  let last = `${from}-0`;
  while (times.length < count) {
    const answer = await redis.xread('COUNT', 1_000, 'BLOCK', 1_000, 'STREAMS', '{savorg}:ops-mini-1:events', last);
    for (const [id, fields] of answer?.[0]?.[1] ?? []) {
      last = id;
      const jobId = fields[fields.indexOf('jobId') + 1] ?? '';
      if (fields[fields.indexOf('event') + 1] === 'added') times.push(Number.parseInt(id, 10) - dueAtOf(jobId));
    }
  }
  redis.disconnect();
  return times;
}

/** `backup.20261123t020000z` */
function dueAtOf(taskId: string): number {
  const [, date = '', time = ''] = /\.(\d{8})t(\d{6})z/.exec(taskId) ?? [];
  return Date.parse(`${split(date, '-')}T${split(time, ':')}Z`);
}

const split = (text: string, by: string) => text.replace(/^(..(?:..)?)(..)(..)$/, `$1${by}$2${by}$3`);
