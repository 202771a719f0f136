import { stringify } from 'yaml';
import { type CronFile, cronFilesIn } from '../adapters/cron-files.ts';
import { utcTime } from '../contract/names.ts';
import { OpsError } from '../errors.ts';
import { becomeOwner } from './become.ts';
import type { Context } from './context.ts';
import { checkedTask, SIGNATURE_MS } from './signing.ts';
import { print } from './terminal.ts';

/** `ops crons task <name>`: the task that would define a schedule as its file says, to be signed. */
export function cronsTask(context: Context, name: string, options: { plan?: string; host?: string }): void {
  const { config, clock } = context;
  becomeOwner(config.home);
  const file = cronFilesIn(config.home.etc.crons).find((each) => each.name === name);
  if (!file) throw new OpsError(`there is no ${config.home.etc.crons}/${name}.yaml: write the definition there`);
  const { definition } = usable(file);
  const task_id = `define-${name}-${utcTime(clock.now()).replaceAll(/[-:]/g, '').toLowerCase()}`;
  const task = {
    task_id,
    operation_type: 'cron',
    environment: definition.environment,
    host: options.host ?? config.host.name,
    reason: `Define the schedule ${name}: ${definition.purpose}`,
    plan_id: options.plan ?? task_id,
    expires_at: utcTime(clock.now() + SIGNATURE_MS),
    actions: [{ action: 'cron.define', with: definition }],
    on_failure: 'undo',
  };
  print(stringify(checkedTask(task, file.path), { lineWidth: 0 }).trimEnd());
}

function usable({ path, content }: CronFile) {
  if ('problem' in content) throw new OpsError(`${path} cannot be used:\n${content.problem}`);
  return content;
}
