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
import { HOUR, START } from './support.ts';

const OWN = 'schedule:mini-1/backup';

/** A command that fails or takes long as `state` says, each minute. */
async function working(more: Partial<Definition> = {}) {
  const line = await scheduleLine();
  const state = { fails: false, ms: 100 };
  line.machine.when('save', async () => {
    line.clock.pass(state.ms);
    return { exitCode: state.fails ? 7 : 0 };
  });
  await define(line, { ...runs('save'), ...more });
  return { line, state };
}

describe('F50: the alert of a schedule that fails', () => {
  it('comes after as many failures in a row as it says, once, and clears when it is well', async () => {
    const { line, state } = await working({ alert: { after_failures: 3, severity: 'critical' } });
    state.fails = true;
    await minutes(line, 2);
    expect(alertsOf(line)).toEqual([]);
    await minutes(line, 3);
    expect(line.ledger.alerts()).toMatchObject([
      {
        state: 'raised',
        severity: 'critical',
        code: 'schedule-failed',
        subject: OWN,
        message: expect.stringMatching(
          /^backup failed 3 times in a row, last backup\.20261123t0903\d\dz: .*exit code 7/,
        ),
      },
    ]);
    state.fails = false;
    await minutes(line, 1);
    expect(alertsOf(line)).toEqual([`schedule-failed cleared ${OWN}`]);
    state.fails = true;
    await minutes(line, 2);
    expect(alertsOf(line)).toEqual([`schedule-failed cleared ${OWN}`]);
  });

  it('is one when it disables itself; a cron.resume clears it and goes on', async () => {
    const { line, state } = await working({ disable_after: 3 });
    state.fails = true;
    await minutes(line, 2);
    expect(alertsOf(line)).toEqual([`schedule-failed raised ${OWN}`]);
    await minutes(line, 3);
    expect(alertsOf(line).toSorted()).toEqual([`schedule-disabled raised ${OWN}`, `schedule-failed cleared ${OWN}`]);
    expect(told(line)).toEqual(['09:01 ran', '09:02 ran', '09:03 ran', '09:04-09:05 skipped 2']);
    expect(newest(line)?.reason).toBe('backup is paused: disabled after 3 failures in a row');
    state.fails = false;
    await act(line, 'cron.resume', { schedule: 'backup' });
    await minutes(line, 1);
    expect([told(line).at(-1), line.ledger.schedule('backup')?.failures]).toEqual(['09:06 ran', 0]);
    expect(alertsOf(line).toSorted()).toEqual([`schedule-disabled cleared ${OWN}`, `schedule-failed cleared ${OWN}`]);
  });

  it('is none where both come at once but the one that it is disabled', async () => {
    const { line, state } = await working({ disable_after: 1 });
    state.fails = true;
    await minutes(line, 1);
    expect(alertsOf(line)).toEqual([`schedule-disabled raised ${OWN}`]);
  });

  it('is not of the definition that came after the one that failed', async () => {
    const { line, state } = await working();
    state.fails = true;
    await look(line, MINUTE);
    const { queue } = line.schedules;
    const [job] = queue.values();
    line.machine.when('save', async () => {
      const definition = line.ledger.definition(job?.task.slot.definition ?? '');
      line.ledger.write(() => {
        line.ledger.addDefinition('sha256:other', { ...definition, purpose: 'Another purpose than before' });
        line.ledger.putSchedule('backup', { digest: 'sha256:other', task_id: 'x', paused: '' }, line.clock.now());
      });
      return { exitCode: 1 };
    });
    await work(line);
    expect(newest(line)).toMatchObject({ outcome: 'failed' });
    expect([line.ledger.schedule('backup')?.failures, line.ledger.alerts()]).toEqual([0, []]);
  });
});

it('F50: what takes longer than usual is told, and cleared when it does not any more', async () => {
  const { line, state } = await working({ expected_ms: 500 });
  state.ms = 900;
  await minutes(line, 5);
  state.ms = 1_801;
  await minutes(line, 1);
  expect(line.ledger.alerts()).toMatchObject([
    { code: 'schedule-slow', state: 'raised', message: 'backup took 1801 ms, and usually takes 1800 ms at most' },
  ]);
  state.ms = 900;
  await minutes(line, 1);
  expect(alertsOf(line)).toEqual([`schedule-slow cleared ${OWN}`]);
});

it('F50: a definition that is over: no slots from then on, one alert, cleared by a new one', async () => {
  const { line } = await working({ valid_until: '2026-11-23T09:03:00Z' });
  await minutes(line, 6);
  expect(told(line)).toEqual(['09:01 ran', '09:02 ran', '09:03 skipped']);
  expect(newest(line)?.reason).toBe('the definition of backup was valid until 2026-11-23T09:03:00Z');
  expect(alertsOf(line)).toEqual([`schedule-lapsed raised ${OWN}`]);
  await define(line, runs('save'));
  await minutes(line, 1);
  expect([told(line).at(-1), alertsOf(line)]).toEqual(['09:07 ran', [`schedule-lapsed cleared ${OWN}`]]);
});

describe('F50: heartbeats', () => {
  const address = { heartbeat: 'https://hc.example.org/ping/1' };

  it('say that a slot begins, and how it ended', async () => {
    const { line, state } = await working(address);
    await minutes(line, 1);
    state.fails = true;
    await minutes(line, 1);
    const own = line.schedules.pings.filter((ping) => ping.startsWith(address.heartbeat));
    expect(own.map((ping) => ping.split(' ')[1])).toEqual(['start', 'success', 'start', '7']);
  });

  it('say that it failed where no command did', async () => {
    const line = await scheduleLine();
    line.machine.beforeWrite = async () => Promise.reject(new Error('the disk is away'));
    await define(line, address);
    await minutes(line, 1);
    expect(line.schedules.pings.filter((ping) => ping.startsWith(address.heartbeat))).toEqual([
      `${address.heartbeat} start`,
      `${address.heartbeat} fail`,
    ]);
  });

  it('of the scheduler itself come once a minute, and none while Redis is away', async () => {
    const line = await scheduleLine();
    for (let n = 0; n < 10; n++) await look(line, MINUTE / 2);
    expect(line.schedules.pings).toEqual(Array.from({ length: 6 }, () => 'http://hc/scheduler success'));
    line.schedules.setUsable(false);
    await look(line, HOUR);
    expect(line.schedules.pings).toHaveLength(6);
    expect(line.clock.now()).toBe(START + HOUR + 5 * MINUTE);
  });
});
