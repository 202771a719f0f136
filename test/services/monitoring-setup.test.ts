import { expect, it } from 'vitest';
import { definition } from '../support/definitions.ts';
import { actionsTask, submit, testLine } from './support.ts';

const defining = (more = {}) =>
  actionsTask({
    operation_type: 'cron',
    environment: 'host',
    actions: [{ action: 'cron.define', with: definition(more) }],
  });

it('tells of a new schedule by whom its failures are heard', async () => {
  const end = await submit(await testLine(), defining({ heartbeat: 'https://hc.example.org/ping/secret' }));
  expect(end.kind === 'ran' && end.opsOutput.monitoring_setup).toEqual([
    { metric: 'schedule backup', threshold: '1 failed slot', notification: 'ops-alerts (warning)' },
    { metric: 'schedule backup', threshold: '1 missed slot', notification: 'ops-alerts (warning)' },
    { metric: 'heartbeat of backup', threshold: 'as set there', notification: 'hc.example.org' },
  ]);
});

it('tells of nothing where nothing was defined', async () => {
  const end = await submit(await testLine(), actionsTask());
  expect(end.kind === 'ran' && end.opsOutput.monitoring_setup).toEqual([]);
});
