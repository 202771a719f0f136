import type { Check } from '../facts.ts';
import { refused } from '../reasons.ts';

export const rightHost: Check = ({ task, actions }, { host }) => {
  if (task.host === host.name) return undefined;
  if (task.host !== 'any') return refused('wrong-host', `expected the host ${host.name}, got ${task.host}`);
  const onlyLooks = actions.length > 0 && actions.every((action) => !action.changes);
  if (onlyLooks || host.sole) return undefined;
  return refused('host-required', 'a task that changes something must name its host where there are several');
};

/** A task_id is used up by its claim, never by a refusal. */
export const idIsUnused: Check = ({ task }, { ledger }) =>
  ledger.claimedDigest === null
    ? undefined
    : refused('id-reused', `${task.task_id} already ran here with other content`);

export const notWithdrawn: Check = (_candidate, { ledger }) => {
  const veto = ledger.withdrawals.find(({ verb }) => verb === 'veto');
  if (veto) return refused('vetoed', `${veto.target} is vetoed by ${veto.by}: ${veto.reason}`);
  const cancel = ledger.withdrawals.find(({ verb }) => verb === 'cancel');
  return cancel && refused('cancelled', `${cancel.target} is cancelled by ${cancel.by}: ${cancel.reason}`);
};
