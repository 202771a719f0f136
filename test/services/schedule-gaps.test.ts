import { describe, expect, it } from 'vitest';
import type { Definition } from '../../src/schedule/definition.ts';
import {
  alertsOf,
  countsOf,
  define,
  look,
  MINUTE,
  minutes,
  restarted,
  scheduleLine,
  told,
  work,
  workOne,
} from './schedule-line.ts';
import { HOUR, type TestLine } from './support.ts';

const HOURLY = { pattern: '0 * * * *' };
const MISSED = 'slots-missed raised host:mini-1';

/** What keeps a host from running its slots, and for how many hours. */
const GAPS: Record<string, { hours: number; pass: (line: TestLine) => Promise<TestLine> }> = {
  'the daemon is down for 3 days': {
    hours: 72,
    pass: async (line) => {
      line.clock.pass(72 * HOUR);
      return restarted(line);
    },
  },
  'the host sleeps for 10 hours': {
    hours: 10,
    pass: async (line) => {
      line.clock.pass(10 * HOUR);
      line.schedules.scheduler.afterGap();
      await line.schedules.scheduler.idle();
      return line;
    },
  },
  'the clock is set 3 hours ahead': {
    hours: 3,
    pass: async (line) => {
      line.clock.pass(3 * HOUR);
      line.schedules.scheduler.afterGap();
      await line.schedules.scheduler.idle();
      return line;
    },
  },
  'Redis is away for an hour': {
    hours: 1,
    pass: async (line) => {
      line.schedules.setUsable(false);
      for (let minute = 0; minute < 60; minute++) await look(line, MINUTE);
      expect(line.ledger.slots('backup', 9)).toEqual([]);
      line.schedules.setUsable(true);
      await look(line);
      return line;
    },
  },
};

const CATCH_UPS: Record<Definition['catch_up'], (due: number) => Record<string, number>> = {
  none: (due) => ({ missed: due }),
  latest: (due) => ({ ...(due > 1 && { missed: due - 1 }), 'caught-up': 1 }),
  all: (due) => ({ 'caught-up': due }),
};
const ROWS = Object.entries(GAPS).flatMap(([gap, { hours, pass }]) =>
  Object.entries(CATCH_UPS).flatMap(([catch_up, expected]) =>
    (['skip', 'queue', 'replace'] as const).map((overlap) => ({
      gap,
      pass,
      catch_up: catch_up as Definition['catch_up'],
      overlap,
      counts: expected(hours),
    })),
  ),
);

describe('a schedule that is due every hour, where', () => {
  it.each(ROWS)('F49: $gap: catches up $catch_up, overlap $overlap', async ({ pass, catch_up, overlap, counts }) => {
    const before = await scheduleLine();
    await define(before, { ...HOURLY, catch_up, overlap });
    // Half past nine: what is due at full hours is late afterwards.
    await look(before, 30 * MINUTE);
    const line = await pass(before);
    const order = await work(line);
    expect(countsOf(line)).toEqual(counts);
    expect(order).toEqual(order.toSorted());
    expect(order).toHaveLength(counts['caught-up'] ?? 0);
    expect(alertsOf(line)).toEqual(counts['missed'] ? [MISSED] : []);
    await look(line, 30 * MINUTE);
    await work(line);
    expect(countsOf(line)).toEqual({ ...counts, ran: 1 });
    expect(line.schedules.problems).toEqual([]);
  });
});

it('F50: what was missed is told by one alert for all schedules, counted one by one', async () => {
  const before = await scheduleLine();
  await define(before, { name: 'each-minute', catch_up: 'latest' });
  await define(before, { name: 'each-hour', ...HOURLY });
  before.clock.pass(500.5 * MINUTE);
  const line = await restarted(before);
  await work(line);
  expect(told(line, 'each-minute')).toEqual(['09:01-17:19 missed 499', '17:20 ran']);
  expect(told(line, 'each-hour')).toEqual(['10:00-17:00 missed 8']);
  expect(line.ledger.alerts().map(({ message }) => message)).toEqual([
    '507 slots were due while this host could not run them, and are not caught up: each-hour 8, each-minute 499',
  ]);
});

it('F50: of what is caught up at most four are under way at once, over all schedules, each in its order', async () => {
  const before = await scheduleLine();
  const names = Array.from({ length: 6 }, (_, n) => `schedule-${n}`);
  for (const name of names) await define(before, { name, ...HOURLY, catch_up: 'all', overlap: 'replace' });
  before.clock.pass(5.5 * HOUR);
  const line = await restarted(before);
  const { queue } = line.schedules;
  const done: string[] = [];
  while (queue.size > 0) {
    expect(queue.size).toBe(Math.min(4, 30 - done.length));
    const running = line.ledger.openSlots().filter(({ state }) => state === 'enqueued');
    expect(new Set(running.map(({ schedule }) => schedule)).size).toBe(queue.size);
    done.push((await workOne(line)) ?? '');
  }
  for (const name of names) {
    const own = done.filter((id) => id.startsWith(`${name}.`));
    expect(own).toEqual(own.toSorted());
    expect(countsOf(line, name)).toEqual({ 'caught-up': 5 });
  }
});

it('F50: what is due while older slots are caught up goes after them; behind one that is on time its overlap counts again', async () => {
  const before = await scheduleLine();
  await define(before, { catch_up: 'all', overlap: 'skip' });
  before.clock.pass(5 * MINUTE + 30_000);
  const line = await restarted(before);
  await minutes(line, 1);
  expect(told(line)).toEqual([
    '09:01 caught-up',
    '09:02 caught-up',
    '09:03 caught-up',
    '09:04 caught-up',
    '09:05 ran',
    '09:06 skipped',
  ]);
});
