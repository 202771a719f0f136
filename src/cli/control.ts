import { ulid } from 'ulid';
import { sendControl } from '../adapters/control-stream.ts';
import { CONTROL_MAX_AGE_MS, signControl, Target, VERB_ROLES, type Verb } from '../contract/control.ts';
import { Role } from '../contract/names.ts';
import { OpsError } from '../errors.ts';
import type { Context } from './context.ts';
import { roleKey } from './signing.ts';
import { print } from './terminal.ts';

export interface StatementOptions {
  reason: string;
  as: string;
  key?: string;
}

/**
 * `ops veto|cancel|pause|resume <target>`, `ops acknowledge <alert_id>`: signs the statement and sends it to all hosts. A
 * bare name is that of a task, or of an alert. A veto holds for ever, a cancellation and a pause for a day.
 */
export async function sayControl(context: Context, verb: Verb, name: string, options: StatementOptions): Promise<void> {
  const { config, clock } = context;
  const target = Target.safeParse(name.includes(':') ? name : `${verb === 'acknowledge' ? 'alert' : 'task'}:${name}`);
  if (!target.success) throw new OpsError(`${name}: ${target.error.issues[0]?.message}`);
  const role = Role.safeParse(options.as);
  if (!role.success || !VERB_ROLES[verb].includes(role.data)) {
    throw new OpsError(`--as: only ${VERB_ROLES[verb].join(', ')} may ${verb}, not ${options.as}`);
  }
  const key = roleKey(config.home, role.data, options.key);
  const issuedAt = new Date(clock.now());
  const statement = {
    verb,
    target: target.data,
    reason: options.reason,
    issuedAt,
    validForMs: CONTROL_MAX_AGE_MS,
    jti: ulid(),
  };
  await sendControl(await context.redis(), config.queues.control, await signControl(key, statement));
  print(`${key.principal}: ${verb} ${target.data}`);
}
