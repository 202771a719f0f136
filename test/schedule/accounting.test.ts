import { expect, it } from 'vitest';
import { account, slotRange } from '../../src/schedule/accounting.ts';
import { timetableOf } from '../../src/schedule/timetable.ts';

const MINUTE = 60_000;
const NOON = Date.parse('2026-11-23T12:00:00Z');
const each = (pattern: string) => timetableOf({ pattern, name: 'backup', time_zone: 'UTC' });
const MINUTELY = each('* * * * *');
const at = (minutes: number) => NOON + minutes * MINUTE;

it('F50: what is at most a minute late runs, whatever is caught up', () => {
  for (const policy of ['none', 'latest', 'all'] as const)
    expect(account(MINUTELY, policy, at(0), at(1), at(2))).toEqual({
      run: [{ dueAt: at(1), late: false }],
      missed: null,
    });
  expect(account(MINUTELY, 'none', at(0), at(1), at(2) + 1)).toEqual({
    run: [],
    missed: { from: at(1), until: at(1), count: 1 },
  });
});

it('F50: of late slots none, the latest or all are caught up; all others are missed, and come before', () => {
  const now = at(5) + MINUTE + 1;
  const late = (...minutes: number[]) => minutes.map((minute) => ({ dueAt: at(minute), late: true }));
  expect(account(MINUTELY, 'none', at(0), at(5), now)).toEqual({
    run: [],
    missed: { from: at(1), until: at(5), count: 5 },
  });
  expect(account(MINUTELY, 'latest', at(0), at(5), now)).toEqual({
    run: late(5),
    missed: { from: at(1), until: at(4), count: 4 },
  });
  expect(account(MINUTELY, 'all', at(0), at(5), now)).toEqual({ run: late(1, 2, 3, 4, 5), missed: null });
});

it('F50: where one is on time that is the latest', () => {
  expect(account(MINUTELY, 'latest', at(0), at(3), at(3) + 1)).toEqual({
    run: [{ dueAt: at(3), late: false }],
    missed: { from: at(1), until: at(2), count: 2 },
  });
});

it('F50: no more than the newest 1000 are caught up', () => {
  const { run, missed } = account(MINUTELY, 'all', at(0), at(1500), at(1502));
  expect([run.length, run[0]?.dueAt, missed]).toEqual([1000, at(501), { from: at(1), until: at(500), count: 500 }]);
});

it('F50: where nothing was due there is nothing to tell', () => {
  expect(account(each('@yearly'), 'all', at(0), at(60), at(60))).toEqual({ run: [], missed: null });
  expect(slotRange(each('@yearly'), at(0), at(60))).toBeNull();
});

it('F50: what was accounted for is not accounted for again', () => {
  expect(account(MINUTELY, 'all', at(3), at(3), at(3))).toEqual({ run: [], missed: null });
});
