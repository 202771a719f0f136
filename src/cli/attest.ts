import { stringify } from 'yaml';
import { sendControl } from '../adapters/control-stream.ts';
import { attest } from '../contract/attestation.ts';
import type { Role } from '../contract/names.ts';
import { OpsError } from '../errors.ts';
import type { Context } from './context.ts';
import { checkedTask, roleKey, SIGNATURE_MS } from './signing.ts';
import { print, tell } from './terminal.ts';

/** `ops approve|clear <task_id or digest>`: signs a held task as the ledger keeps it, and sends the signature on the control stream. Shows what is signed. */
export async function attestHeld(context: Context, name: string, role: Role, options: { key?: string }): Promise<void> {
  const { config, clock } = context;
  const key = roleKey(config.home, role, options.key);
  const found = context.ledger.held().filter(({ task_id, digest }) => task_id === name || digest === name);
  const [held, ...others] = found;
  if (!held) throw new OpsError(`${name} is not held here: see "ops status" for what is`);
  if (others.some(({ digest }) => digest !== held.digest)) {
    throw new OpsError(
      `several tasks of this name are held; name one by its digest: ${found.map(({ digest }) => digest).join(', ')}`,
    );
  }
  const task = checkedTask((context.ledger.heldData(held) as { task: unknown }).task, held.task_id);
  tell(stringify(task).trimEnd());
  const token = await attest(key, { covers: { task }, issuedAt: new Date(clock.now()), validForMs: SIGNATURE_MS });
  await sendControl(await context.redis(), config.queues.control, token);
  print(`${key.principal} signed ${held.digest} of ${held.task_id}`);
}
