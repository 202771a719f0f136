import { isUndo } from '../../contract/task.ts';
import type { Check } from '../facts.ts';
import { allowingLines, allows, shortcomings } from '../policy.ts';
import { refused } from '../reasons.ts';

/** Policy allows each action by itself. What an undo may do was allowed when its task ran. */
export const allowed: Check = ({ task, actions }, { policy, host }) => {
  const { environment } = task;
  const refusedOnes = actions
    .map(({ name, needs }) => ({ action: name, needs, environment, host: host.name }))
    .filter((question) => !allows(policy, question));
  if (refusedOnes.length === 0) return undefined;
  const near = refusedOnes.flatMap((question) => shortcomings(policy, question)).map((line) => `${line}; `);
  const lines = allowingLines(refusedOnes);
  return refused(
    'not-allowed',
    `the policy of ${host.name} does not allow this: ${near.join('')}these lines would:\n${lines}`,
  );
};

export const undoable: Check = ({ task }, { ledger }) => {
  if (!isUndo(task)) return undefined;
  const { task_id, digest } = task.undo;
  if (!ledger.original) return refused('not-undoable', `${task_id} never ran here`);
  if (ledger.original.digest !== digest)
    return refused('not-undoable', `${task_id} ran here with another digest than ${digest}`);
  return ledger.original.undoProblem === null ? undefined : refused('not-undoable', ledger.original.undoProblem);
};

/** A slot does only what was signed as its definition, as long as that stands. */
export const definitionStands: Check = (_candidate, { slotProblem }) =>
  slotProblem === null ? undefined : refused('no-definition', slotProblem);
