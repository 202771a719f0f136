import { expect, it } from 'vitest';
import { Figures } from '../fuzz/figures.ts';
import { runFleet } from '../fuzz/fleet-run.ts';

it('three hosts on one Redis, one killed every ten seconds: each slot of each schedule runs once', async () => {
  const seed = String(process.hrtime.bigint());
  const run = { hosts: 3, crons: 10, pattern: '*/10 * * * * *', periodMs: 10_000, periods: 2, hurried: true };
  const figures = new Figures();
  expect(await runFleet(seed, run, figures), `the run of seed ${seed}`).toEqual([]);
  expect(figures.counts.get('slots')).toBeGreaterThanOrEqual(90);
}, 120_000);
