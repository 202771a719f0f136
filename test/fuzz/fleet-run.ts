import { setTimeout as pause } from 'node:timers/promises';
import { utcTime } from '../../src/contract/names.ts';
import { Cron } from '../integration/crons.ts';
import { until } from '../integration/until.ts';
import type { Victim } from './death.ts';
import type { Figures } from './figures.ts';
import { Fleet } from './fleet.ts';
import { violations } from './invariants.ts';
import { Random } from './random.ts';
import { slotsOf, type Watched, wrongSlots } from './slots.ts';

export interface FleetRun {
  hosts: number;
  /** Of each host. */
  crons: number;
  pattern: string;
  /** The time between two slots of that pattern; in each somebody dies. */
  periodMs: number;
  periods: number;
  /** Jobs of who died come back at once. */
  hurried: boolean;
}

const DEFINED_MS = 15_000;
/** Who dies while slots have just fallen due. */
const BUSY_MS = 4_000;
const ENDED_MS = 60_000;
const VICTIMS: readonly (readonly Victim[])[] = [['daemon'], ['daemon'], ['daemon', 'runner'], ['runner', 'daemon']];

/** Hosts whose schedules all fall due at once, again and again, while one host after the other dies. */
export async function runFleet(seed: string, run: FleetRun, figures: Figures): Promise<string[]> {
  await using fleet = new Fleet();
  await fleet.start(run.hosts);
  const { periodMs, periods } = run;
  const first = Math.ceil((Date.now() + Math.min(DEFINED_MS, periodMs)) / periodMs) * periodMs;
  // Nobody dies in the last period, in which all comes to its end.
  const last = Math.floor((first + (periods + 0.9) * periodMs) / 1000) * 1000;
  const watched = await define(fleet, run, last);
  if (Date.now() > first) throw new Error('it took too long to define the schedules');
  await pause(first - Date.now());
  const random = new Random(seed);
  for (let n = 0; n < periods; n += 1) await killOne(fleet, random, first + n * periodMs, run, figures);
  await pause(last - Date.now());
  const open = () => watched.flatMap(slotsOf).filter(({ endedAt }) => endedAt === null).length;
  await until('the end of each slot', () => open() === 0, { timeout: ENDED_MS, interval: 500 }).catch(() => undefined);
  count(watched, figures);
  const found = [];
  for (const each of watched) found.push(...(await violations(each.home)), ...wrongSlots(each));
  return found;
}

async function define(fleet: Fleet, { crons, pattern }: FleetRun, last: number): Promise<Watched[]> {
  const more = { pattern, overlap: 'queue', catch_up: 'all', valid_until: utcTime(last) } as const;
  const watched = fleet.homes.map((home) => {
    const named = (_: unknown, n: number) => new Cron(home, `cron-${home.host}-${n + 1}`, more);
    return { home, crons: Array.from({ length: crons }, named) };
  });
  await Promise.all(watched.map((each) => fleet.define(each.home, each.crons)));
  return watched.map((each) => ({ ...each, after: Date.now(), until: last }));
}

async function killOne(fleet: Fleet, random: Random, from: number, { periodMs, hurried }: FleetRun, figures: Figures) {
  const at = from + random.int(random.chance(50) ? Math.min(BUSY_MS, periodMs) : periodMs);
  const home = random.pick(fleet.homes);
  const victims = random.pick(VICTIMS);
  await pause(Math.max(0, at - Date.now()));
  figures.killed(`${home.host} ${victims.join('+')}`);
  await fleet.kill(home, victims, { hurried });
  await pause(Math.max(0, from + periodMs - Date.now()));
}

function count(watched: readonly Watched[], figures: Figures): void {
  const slots = watched.flatMap(slotsOf);
  figures.add('slots', slots.length);
  for (const { outcome } of slots) figures.add(String(outcome));
  const waits = slots.map(({ claimedAt, dueAt }) => claimedAt - dueAt);
  const lives = slots.map(({ endedAt, dueAt }) => (endedAt ?? Number.NaN) - dueAt);
  figures.add('ms from due to claimed at p99', percentile(waits, 99));
  figures.add('ms from due to its end at p50', percentile(lives, 50));
  figures.add('ms at p99', percentile(lives, 99));
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}
