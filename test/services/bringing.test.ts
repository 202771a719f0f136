import { describe, expect, it, vi } from 'vitest';
import { utcTime } from '../../src/contract/names.ts';
import { definition } from '../support/definitions.ts';
import { actionsTask, submit, type TestLine, testLine } from './support.ts';

const MINUTE = 60_000;

async function define(line: TestLine) {
  const whole = definition({ pattern: '* * * * *', overlap: 'queue' });
  const expires_at = utcTime(line.clock.now() + 60 * MINUTE);
  const actions = [{ action: 'cron.define', with: whole }];
  return submit(
    line,
    actionsTask({ task_id: 'define-backup', operation_type: 'cron', environment: 'host', actions, expires_at }),
  );
}

describe('slots on their way to the queue', () => {
  it('do not keep those of the next minute from being claimed', async () => {
    const line = await testLine();
    const { scheduler, holdQueue, queue } = line.schedules;
    await scheduler.start();
    await define(line);
    const gate = Promise.withResolvers<void>();
    holdQueue(gate.promise);
    for (const claimed of [1, 2]) {
      line.clock.pass(MINUTE);
      scheduler.look();
      await vi.waitFor(() => {
        // A look that follows another one waits a moment first.
        line.clock.advance(50);
        expect(line.ledger.slots('backup', 9)).toHaveLength(claimed);
      });
    }
    expect(queue.size).toBe(0);
    gate.resolve();
    await scheduler.idle();
    expect(queue.size).toBe(1);
  });

  it('do not hold up a start', async () => {
    const line = await testLine();
    const { scheduler, holdQueue, queue } = line.schedules;
    await define(line);
    const gate = Promise.withResolvers<void>();
    holdQueue(gate.promise);
    line.clock.pass(MINUTE);
    await scheduler.start();
    expect(line.ledger.slots('backup', 9)).toMatchObject([{ state: 'enqueued' }]);
    expect(queue.size).toBe(0);
    gate.resolve();
    await scheduler.idle();
    expect(queue.size).toBe(1);
  });
});
