import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { stringify } from 'yaml';
import { Context } from '../../src/cli/context.ts';
import { keysInit } from '../../src/cli/keys.ts';
import { homeOf } from '../../src/config.ts';
import { utcTime } from '../../src/contract/names.ts';
import type { ActionRequest } from '../../src/contract/task.ts';
import type { Definition } from '../../src/schedule/definition.ts';
import {
  actionsTask,
  HOUR,
  START,
  submit,
  TestClock,
  temporaryFolder,
  testLedger,
  testLine,
  testRing,
} from '../services/support.ts';
import { printed } from './printed.ts';

/** A home with files and the ledger of a real line, at whose time `ops` looks. */
export async function cronHome() {
  vi.useFakeTimers({ toFake: ['Date'], now: START });
  onTestFinished(() => void vi.useRealTimers());
  const home = homeOf(join(temporaryFolder(), 'home'));
  await printed(() => keysInit(home.root, { host: 'mini-1' }));
  writeFileSync(home.etc.keyring, JSON.stringify(await testRing()));
  const ask = (verb: (context: Context) => Promise<void> | void) =>
    printed(async () => {
      await using context = new Context(home.root);
      await verb(context);
    });
  const put = (name: string, content: object | string) =>
    writeFileSync(`${home.etc.crons}/${name}.yaml`, typeof content === 'string' ? content : stringify(content));
  return { home, ask, put, start: () => lineIn(home.var.ledger) };
}

async function lineIn(path: string) {
  const clock = new TestClock();
  const line = await testLine({ clock, ledger: testLedger(clock, path) });
  await line.schedules.scheduler.start();
  let tasks = 0;
  const act = (action: string, input: Record<string, unknown>): Promise<unknown> => {
    const actions: ActionRequest[] = [{ action, with: input }];
    tasks += 1;
    const heading = { task_id: `cron-${tasks}`, operation_type: 'cron', environment: 'host' } as const;
    return submit(line, actionsTask({ ...heading, actions, expires_at: utcTime(clock.now() + HOUR) }));
  };
  const { scheduler, queue } = line.schedules;
  return {
    ...line,
    act,
    define: (whole: Definition) => act('cron.define', whole),
    /** What is due after this time is run. */
    async pass(ms: number): Promise<void> {
      clock.pass(ms);
      vi.setSystemTime(clock.now());
      scheduler.look();
      await scheduler.idle();
      for (const [jobId, { task, tokens }] of queue) {
        const data = { task, attestations: tokens };
        const delivery = { queue: 'ops-mini-1', jobId, name: 'cron', data, scheduled: false, deliveries: 0 };
        await line.executor.execute(delivery, async () => undefined);
        queue.delete(jobId);
      }
      await scheduler.idle();
    },
  };
}
