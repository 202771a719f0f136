import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { preview } from '../../src/cli/preview.ts';
import { actionsTask } from '../services/support.ts';
import { definition } from '../support/definitions.ts';
import { cronHome } from './cron-home.ts';

it('a task of schedules is previewed with and without a ledger', async () => {
  const { ask, start, home } = await cronHome();
  const show = (action: string, input: Record<string, unknown>) => {
    const path = `${home.root}/task.yaml`;
    writeFileSync(
      path,
      stringify(actionsTask({ operation_type: 'cron', environment: 'host', actions: [{ action, with: input }] })),
    );
    return ask((context) => preview(context, path));
  };
  expect(await show('cron.define', definition())).toContain('   would define\n   name: backup\n');
  expect(await show('cron.pause', { schedule: 'backup', reason: 'a move' })).toContain('there is no schedule backup');
  const line = await start();
  await line.define(definition());
  expect(await show('cron.define', definition())).toContain(
    '   backup is already defined so; it would stand by the signatures of this task from now on\n',
  );
  expect(await show('cron.pause', { schedule: 'backup', reason: 'a move' })).toContain(
    '   backup would be paused: a move\n',
  );
  expect(await show('cron.run-now', { schedule: 'backup' })).toContain('   backup would be due at once');
  expect(line.ledger.slots('backup', 1)).toEqual([]);
});
