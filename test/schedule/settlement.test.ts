import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/contract/report.ts';
import { usualMs } from '../../src/schedule/history.ts';
import { settle } from '../../src/schedule/settlement.ts';

const AT = 1_000_000;
const end = (outcome: Outcome, slot = { attempt: 1, late: false }, count = 0, backoff_ms = 1_000) =>
  settle(
    slot,
    { retries: { count, backoff_ms } },
    { outcome, reason: outcome === 'completed' ? null : 'why', at: AT },
    2,
  );

it.each([
  ['completed', 'ran', 0],
  ['failed', 'ran', 3],
  ['interrupted', 'ran', 3],
  ['refused', 'skipped', 3],
  ['expired', 'skipped', 3],
  ['cancelled', 'skipped', 2],
  ['vetoed', 'vetoed', 2],
] as const)('a slot whose task was %s is %s, and %i have failed in a row', (outcome, state, failures) => {
  expect(end(outcome)).toEqual({ state, failures, retry: null, reason: outcome === 'completed' ? '' : 'why' });
});

it('what was caught up says so', () => {
  const states = (['completed', 'failed'] as const).map((outcome) => end(outcome, { attempt: 1, late: true }).state);
  expect(states).toEqual(['caught-up', 'caught-up']);
});

describe('F50: the next try', () => {
  it('comes after a pause that doubles, as often as it says, and is no failure yet', () => {
    const pauses = [1, 2, 3, 4].map((attempt) => end('failed', { attempt, late: false }, 3).retry);
    expect(pauses).toEqual([
      { attempt: 2, startAt: AT + 1_000 },
      { attempt: 3, startAt: AT + 2_000 },
      { attempt: 4, startAt: AT + 4_000 },
      null,
    ]);
    expect(end('failed', { attempt: 3, late: false }, 3)).toMatchObject({ state: 'waiting', failures: 2 });
    expect(end('failed', { attempt: 4, late: false }, 3)).toMatchObject({ state: 'ran', failures: 3 });
  });

  it('comes after a day at most: longer no timer waits', () => {
    expect(end('failed', { attempt: 10, late: false }, 10, 24 * 3600_000).retry?.startAt).toBe(AT + 24 * 3600_000);
  });

  it.each(['interrupted', 'refused', 'expired', 'cancelled', 'vetoed', 'completed'] as const)(
    'does not come after %s',
    (outcome) => {
      expect(end(outcome, { attempt: 1, late: false }, 3).retry).toBeNull();
    },
  );
});

describe('what is usual', () => {
  it.each([
    [[2_000, 2_000, 2_000, 2_000], 1, null],
    [[2_000, 2_000, 2_000, 2_000, 2_000], 1, 4_000],
    [[9_000, 1_000, 2_000, 1_000, 9_000], 1, 4_000],
    [[1, 1, 1, 1, 1], 1, 1_000],
    [[2_000, 2_000, 2_000, 2_000, 2_000], 60_000, 60_000],
  ])('of %j, expected %i ms: at most %s ms', (durations, expected, usual) => {
    expect(usualMs(durations, expected)).toBe(usual);
  });
});
