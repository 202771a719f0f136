import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cronTicker } from '../../src/adapters/cron-ticker.ts';

const START = Date.parse('2026-11-23T10:00:30Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

beforeEach(() => void vi.useFakeTimers({ now: START }));
afterEach(() => void vi.useRealTimers());

/** The times of day of its ticks, as they come. */
function ticking(...seconds: string[]) {
  const ticks: string[] = [];
  const ticker = cronTicker(() => void ticks.push(new Date().toISOString().slice(11, 19)));
  ticker.tickIn(new Set(seconds));
  return { ticker, ticks, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

describe('a ticker', () => {
  it('ticks in the seconds that are wanted, and in no others', async () => {
    const { ticker, ticks, pass } = ticking('0');
    await pass(2 * MINUTE);
    expect(ticks).toEqual(['10:01:00', '10:02:00']);
    ticks.length = 0;
    ticker.tickIn(new Set(['0', '10,40']));
    await pass(MINUTE);
    expect(ticks).toEqual(['10:02:40', '10:03:00', '10:03:10']);
    ticks.length = 0;
    ticker.tickIn(new Set(['10,40']));
    await pass(MINUTE);
    expect(ticks).toEqual(['10:03:40', '10:04:10']);
  });

  it('goes on where it is told again what it knows', async () => {
    const { ticker, ticks, pass } = ticking('0', '45');
    for (let n = 0; n < 6; n += 1) {
      await pass(10_000);
      ticker.tickIn(new Set(['45', '0']));
    }
    expect(ticks).toEqual(['10:00:45', '10:01:00']);
  });

  it('ticks late where it could not in time, once for all that it missed', async () => {
    const { ticks, pass } = ticking('0');
    vi.setSystemTime(START + 33_000);
    await pass(30_000);
    expect(ticks).toEqual(['10:01:33']);
    vi.setSystemTime(START + 10 * MINUTE);
    await pass(MINUTE);
    expect(ticks.slice(1)).toHaveLength(2);
  });

  it('F48: ticks at the next minute after a restart, though the clock was set back or forward', async () => {
    const { ticker, ticks, pass } = ticking('0');
    for (const now of [START - 2 * HOUR, START + 3 * HOUR]) {
      vi.setSystemTime(now);
      ticker.restart();
      await pass(MINUTE);
    }
    expect(ticks).toEqual(['08:01:00', '13:01:00']);
  });

  it('is silent when it has stopped, and leaves no timer', async () => {
    const { ticker, ticks, pass } = ticking('0', '*/2');
    ticker.stop();
    expect(vi.getTimerCount()).toBe(0);
    await pass(5 * MINUTE);
    expect(ticks).toEqual([]);
  });
});
