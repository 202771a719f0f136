import { stringify } from 'yaml';
import { sendControl } from '../adapters/control-stream.ts';
import { attest } from '../contract/attestation.ts';
import type { Role } from '../contract/names.ts';
import { OpsError } from '../errors.ts';
import type { Context } from './context.ts';
import { checkedTask, roleKey, SIGNATURE_MS } from './signing.ts';
import { print, tell } from './terminal.ts';

/** `ops approve|clear <task_id>`: signs a held task as the ledger keeps it, and sends the signature on the control stream. Shows what is signed. */
export async function attestHeld(
  context: Context,
  taskId: string,
  role: Role,
  options: { key?: string },
): Promise<void> {
  const { config, ledger, clock } = context;
  const held = ledger.held().find(({ task_id }) => task_id === taskId);
  if (!held) throw new OpsError(`${taskId} is not held here: see "ops status" for what is`);
  const task = checkedTask((held.data as { task: unknown }).task, taskId);
  tell(stringify(task).trimEnd());
  const key = roleKey(config.home, role, options.key);
  const token = await attest(key, { covers: { task }, issuedAt: new Date(clock.now()), validForMs: SIGNATURE_MS });
  await sendControl(await context.redis(), config.queues.control, token);
  print(`${key.principal} signed ${held.digest} of ${taskId}`);
}
