import { describe, expect, it } from 'vitest';
import { utcTime } from '../../src/contract/names.ts';
import type { Definition } from '../../src/schedule/definition.ts';
import { definition } from '../support/definitions.ts';
import { actionsTask, START, submit, type TestLine, testLine } from './support.ts';

const MINUTE = 60_000;

/** Has a schedule defined by the line, as Manager would. */
async function define(line: TestLine, more: Partial<Definition> = {}) {
  const whole = definition(more);
  const task = actionsTask({
    task_id: `define-${whole.name}-${line.clock.now()}`,
    operation_type: 'cron',
    environment: whole.environment === 'production' ? 'staging' : whole.environment,
    actions: [{ action: 'cron.define', with: whole }],
    expires_at: utcTime(line.clock.now() + 60 * MINUTE),
  });
  return submit(line, task);
}

/** Delivers what is on the queue, as its worker would. */
async function work(line: TestLine) {
  const { queue } = line.schedules;
  for (const [id, { task, tokens }] of queue) {
    await line.executor.execute(
      {
        queue: 'ops-mini-1',
        jobId: id,
        name: 'cron',
        data: structuredClone({ task, attestations: tokens }),
        scheduled: false,
        deliveries: 0,
      },
      async () => undefined,
    );
    queue.delete(id);
  }
}

describe('a schedule', () => {
  it('has its slot claimed when it is due, and run by the line', async () => {
    const line = await testLine();
    await line.schedules.scheduler.start();
    const end = await define(line, { pattern: '* * * * *' });
    expect(end).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed' } });
    line.clock.pass(MINUTE);
    line.schedules.scheduler.look();
    await line.schedules.scheduler.idle();
    expect([...line.schedules.queue.keys()]).toEqual([
      `backup.${utcTime(START + MINUTE)
        .replaceAll(/[-:]/g, '')
        .toLowerCase()}`,
    ]);
    await work(line);
    expect(line.schedules.problems).toEqual([]);
    expect(line.ledger.slots('backup', 9)).toMatchObject([
      { state: 'ran', outcome: 'completed', dueAt: START + MINUTE },
    ]);
    expect(line.machine.contentOf('/var/backup/marker')).toBe('backed up\n');
  });

  it('does nothing where a service that it depends on is not well', async () => {
    const line = await testLine();
    await line.schedules.scheduler.start();
    const service = { type: 'file' as const, service: 'disk', path: '/var/backup/mounted', attempts: 1 };
    await define(line, { pattern: '* * * * *', depends_on: [{ service }] });
    line.clock.pass(MINUTE);
    line.schedules.scheduler.look();
    await line.schedules.scheduler.idle();
    await work(line);
    expect(line.ledger.slots('backup', 9)).toMatchObject([{ state: 'ran', outcome: 'failed' }]);
    expect(line.machine.contentOf('/var/backup/marker')).toBeUndefined();
  });

  it('is not defined for another environment than that of the task, by which its signatures go', async () => {
    const line = await testLine();
    const end = await define(line, { environment: 'production' });
    expect(end).toMatchObject({ kind: 'refused', opsOutput: { blockers: [{ code: 'malformed' }] } });
    expect(line.ledger.schedules()).toEqual([]);
  });
});
