import { expect, it } from 'vitest';
import { definition } from '../support/definitions.ts';
import { act, alertsOf, define, look, MINUTE, restarted, runs, scheduleLine, told, work } from './schedule-line.ts';

it('slots that pass for one reason are told by one record, and those that run afterwards by their own', async () => {
  const line = await scheduleLine();
  await define(line);
  await act(line, 'cron.pause', { schedule: 'backup', reason: 'the disk is changed' });
  const audited = () => [...line.ledger.auditEntries()].filter(({ event }) => event === 'slots-skipped').length;
  for (let minute = 0; minute < 5; minute += 1) await look(line, MINUTE);
  expect(line.ledger.slots('backup', 9)).toMatchObject([
    { state: 'skipped', reason: 'backup is paused: the disk is changed', count: 5 },
  ]);
  expect(audited()).toBe(1);
  await act(line, 'cron.resume', { schedule: 'backup' });
  await look(line, MINUTE);
  await work(line);
  expect(line.ledger.slots('backup', 9)).toMatchObject([{ state: 'ran' }, { state: 'skipped', count: 5 }]);
  await act(line, 'cron.pause', { schedule: 'backup', reason: 'another disk' });
  await look(line, MINUTE);
  expect(line.ledger.slots('backup', 9)).toMatchObject([{ count: 1 }, { state: 'ran' }, { count: 5 }]);
});

it.each([
  ['pattern', { pattern: '@fortnightly' }],
  ['time zone', { time_zone: 'Mars/Olympus' }],
])('a %s that this version does not know stops its own schedule, and somebody hears of it', async (_what, odd) => {
  const before = await scheduleLine();
  await define(before);
  await define(before, { name: 'other' });
  const { ledger } = before;
  await ledger.commit(() => {
    ledger.addDefinition('sha256:odd', definition(odd));
    const { task_id } = ledger.schedule('backup') ?? { task_id: '' };
    ledger.putSchedule('backup', { digest: 'sha256:odd', task_id, paused: '' }, before.clock.now());
  });
  const line = await restarted(before);
  await look(line, MINUTE);
  await work(line);
  expect(line.ledger.slots('other', 9)).toMatchObject([{ state: 'ran' }]);
  expect(line.ledger.slots('backup', 9)).toEqual([]);
  expect(alertsOf(line)).toEqual(['schedule-lapsed raised schedule:mini-1/backup']);
});

it('a pause leaves the count of failures beside the alert that tells of them; what goes on begins anew', async () => {
  const line = await scheduleLine();
  line.machine.when('fail', { exitCode: 3 });
  await define(line, runs('fail'));
  await look(line, MINUTE);
  await work(line);
  expect(told(line)).toHaveLength(1);
  await act(line, 'cron.pause', { schedule: 'backup', reason: 'it fails' });
  expect(line.ledger.schedule('backup')).toMatchObject({
    failures: 1,
    standing: { 'schedule-failed': expect.any(String) },
  });
  await act(line, 'cron.resume', { schedule: 'backup' });
  expect(line.ledger.schedule('backup')).toMatchObject({ failures: 0, standing: {} });
});
