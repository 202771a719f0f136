import { expect, it } from 'vitest';
import { Figures } from '../fuzz/figures.ts';
import { playRound } from '../fuzz/round.ts';

it('F9: twenty deaths at random points, one after the other, break no promise', async () => {
  const seed = String(process.hrtime.bigint());
  const found = await playRound(seed, new Figures(), 20);
  expect(found, `the round of seed ${seed}`).toEqual([]);
}, 120_000);
