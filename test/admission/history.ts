import type { Task } from '../../src/contract/task.ts';
import type { StepState } from '../../src/planning/record.ts';
import type { Ledger } from '../../src/services/ledger.ts';
import { nothingRan } from '../../src/services/ops-output.ts';
import { claimed } from '../support/draft.ts';
import { statement } from '../support/statement.ts';
import { HOUR, NOW } from '../support/tasks.ts';

const STEP = {
  kind: 'file',
  target: '/etc/motd',
  title: 'write /etc/motd',
  path: '/etc/motd',
  content: { type: 'text', text: '' },
  mode: null,
  owner: null,
  before: { exists: false },
} as const;

/** That `task` ran here and ended, with steps in these states. */
export function concluded(task: Task, states: readonly StepState[] = ['applied']): (ledger: Ledger) => void {
  const opsOutput = nothingRan(task.task_id, task.operation_type, { code: 'x', message: 'x', owner: 'manager' });
  return (ledger) => {
    claimed(task)(ledger);
    ledger.addSteps(
      task.task_id,
      states.map((_, index) => ({ n: index + 1, action: 1, step: STEP })),
    );
    for (const [index, state] of states.entries()) ledger.changeStep(task.task_id, index + 1, { state });
    ledger.conclude(task.task_id, { at: NOW - HOUR, outcome: 'completed', reason: null, opsOutput });
  };
}

/** That `target` was vetoed, cancelled or paused. */
export function stated(verb: 'veto' | 'cancel' | 'pause', target: string): (ledger: Ledger) => void {
  return (ledger) => void ledger.addStatement(statement(verb, target), 'x');
}
