import { describe, expect, it } from 'vitest';
import type { Definition } from '../../src/schedule/definition.ts';
import {
  act,
  alertsOf,
  define,
  look,
  MINUTE,
  minutes,
  newest,
  runs,
  scheduleLine,
  told,
  work,
} from './schedule-line.ts';
import type { TestLine } from './support.ts';

const FIRST = 'first-of-all';
const after = (schedule: string): Pick<Definition, 'depends_on'> => ({ depends_on: [{ schedule }] });

/** `backup` at the full hour depends on `first-of-all`, five minutes before. */
async function pair(more: Partial<Definition> = {}) {
  const line = await scheduleLine();
  line.machine.when('save', async () => ({ exitCode: state.fails ? 1 : 0 }));
  const state = { fails: false };
  await define(line, { name: FIRST, pattern: '55 * * * *', ...runs('save'), ...more });
  await define(line, { pattern: '0 * * * *', ...after(FIRST) });
  return { line, state };
}

const why = (line: TestLine, name = 'backup') => newest(line, name)?.reason;

describe('F50: a schedule that depends on another one', () => {
  it('runs where that one ran well in its period', async () => {
    const { line } = await pair();
    await minutes(line, 60);
    expect([told(line, FIRST), told(line)]).toEqual([['09:55 ran'], ['10:00 ran']]);
  });

  it('is held where that one failed, and runs when it is well again; one alert, cleared then', async () => {
    const { line, state } = await pair();
    state.fails = true;
    await minutes(line, 62);
    expect([told(line), why(line)]).toEqual([['10:00 waiting'], `${FIRST} did not end well`]);
    expect(alertsOf(line)).toEqual([`schedule-failed raised schedule:mini-1/${FIRST}`]);
    state.fails = false;
    await act(line, 'cron.run-now', { schedule: FIRST });
    await work(line);
    expect([told(line, FIRST), told(line)]).toEqual([['09:55 ran', '10:02 ran'], ['10:00 ran']]);
    expect(alertsOf(line)).toEqual([`schedule-failed cleared schedule:mini-1/${FIRST}`]);
  });

  it('is held where that one was not due yet in its period and did not run, with one alert that clears', async () => {
    const { line } = await pair();
    line.clock.pass(56.5 * MINUTE);
    await look(line);
    expect(told(line, FIRST)).toEqual(['09:55 missed']);
    await minutes(line, 4);
    expect([told(line), why(line)]).toEqual([['10:00 waiting'], `${FIRST} has not run in this period`]);
    expect(alertsOf(line)).toEqual([
      'slots-missed raised host:mini-1',
      `schedule-awaited raised schedule:mini-1/${FIRST}`,
    ]);
    await act(line, 'cron.run-now', { schedule: FIRST });
    await work(line);
    expect(told(line)).toEqual(['10:00 ran']);
    expect(alertsOf(line)).toContain(`schedule-awaited cleared schedule:mini-1/${FIRST}`);
  });

  it('is held where that one is paused, and skipped when it has waited too long', async () => {
    const { line } = await pair();
    await act(line, 'cron.pause', { schedule: FIRST, reason: 'not today' });
    await minutes(line, 62);
    expect([told(line), why(line)]).toEqual([['10:00 waiting'], `${FIRST} is paused: not today`]);
    await minutes(line, 58);
    expect(line.ledger.slots('backup', 9).at(-1)).toMatchObject({
      state: 'skipped',
      reason: `it waited too long: ${FIRST} is paused: not today`,
    });
    expect(alertsOf(line)).toEqual([`schedule-awaited raised schedule:mini-1/${FIRST}`]);
    await act(line, 'cron.resume', { schedule: FIRST });
    expect(alertsOf(line)).toContain(`schedule-awaited cleared schedule:mini-1/${FIRST}`);
  });

  it('waits without a word while that one is under way', async () => {
    const { line } = await pair();
    await minutes(line, 54);
    await look(line, MINUTE);
    for (let n = 0; n < 5; n++) await look(line, MINUTE);
    expect([told(line), why(line)]).toEqual([['10:00 waiting'], `${FIRST} has not ended`]);
    expect(alertsOf(line)).toEqual([]);
    await work(line);
    expect(told(line)).toEqual(['10:00 ran']);
  });

  it('runs where slots of that one were skipped because one of its runs went on', async () => {
    const line = await scheduleLine();
    await define(line, { name: FIRST, pattern: '50-59 * * * *' });
    await define(line, { pattern: '0 * * * *', ...after(FIRST) });
    await minutes(line, 49);
    // Nobody takes it up until ten slots after it are skipped.
    for (let n = 0; n < 11; n++) await look(line, MINUTE);
    expect([told(line, FIRST).at(-1), why(line)]).toEqual(['09:59 skipped', `${FIRST} has not ended`]);
    await work(line);
    expect(told(line)).toEqual(['10:00 ran']);
    expect(alertsOf(line)).toEqual([]);
  });

  it('is held where that one is not there any more, which it is told of itself', async () => {
    const { line } = await pair();
    const { ledger } = line;
    ledger.write(() => ledger.putSchedule(FIRST, null, line.clock.now()));
    await minutes(line, 61);
    expect(why(line)).toBe(`${FIRST} is not defined on this host`);
    expect(alertsOf(line)).toEqual(['schedule-awaited raised schedule:mini-1/backup']);
  });
});

it('F50: a chain of three with one root cause makes one alert', async () => {
  const { line, state } = await pair();
  await minutes(line, 61);
  await define(line, { name: 'last-of-all', pattern: '5 * * * *', ...after('backup') });
  await define(line, { name: 'beside-it', pattern: '6 * * * *', ...after(FIRST) });
  state.fails = true;
  await minutes(line, 180);
  // Its slots of the first hour, and none after.
  expect(told(line)).toEqual(['10:00 ran', '11:00 skipped', '12:00 skipped', '13:00 waiting']);
  expect(told(line, 'last-of-all')).toEqual(['10:05 ran', '11:05 skipped', '12:05 waiting']);
  expect(told(line, 'beside-it')).toEqual(['10:06 ran', '11:06 skipped', '12:06 waiting']);
  expect(alertsOf(line)).toEqual([`schedule-failed raised schedule:mini-1/${FIRST}`]);
});

it('F50: a failure that others waited for already is told by one alert in the place of the other', async () => {
  const { line, state } = await pair({ alert: { after_failures: 2, severity: 'critical' } });
  state.fails = true;
  await minutes(line, 61);
  expect(alertsOf(line)).toEqual([`schedule-awaited raised schedule:mini-1/${FIRST}`]);
  await act(line, 'cron.run-now', { schedule: FIRST });
  await work(line);
  expect(alertsOf(line).toSorted()).toEqual([
    `schedule-awaited cleared schedule:mini-1/${FIRST}`,
    `schedule-failed raised schedule:mini-1/${FIRST}`,
  ]);
});
