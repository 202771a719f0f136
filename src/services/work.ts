import type { ActionRequest, Task } from '../contract/task.ts';
import type { BoundAction, Registry } from '../planning/action.ts';
import { bindActions } from '../planning/registry.ts';
import { requestsOf } from '../schedule/definition.ts';
import type { ScheduleLedger } from './schedules.ts';

/** What a task has done, and what it wants when that does not go well. */
export interface Work {
  actions: readonly ActionRequest[];
  on_failure: 'undo' | 'stop';
  on_interrupt?: 'resume' | 'undo' | 'stop' | undefined;
  /** It is ended after that. */
  limit_ms?: number;
}

/** Its own, or for a slot that of its definition; undefined for an undo, and where the definition is not known here. */
export function workOf(task: Task, ledger: Pick<ScheduleLedger, 'definition'>): Work | undefined {
  if ('actions' in task) return task;
  const definition = 'slot' in task ? ledger.definition(task.slot.definition) : undefined;
  return definition && { ...definition, actions: requestsOf(definition) };
}

/** Its actions; a string says what is wrong with one of them. */
export function boundActionsOf(
  task: Task,
  registry: Registry,
  ledger: Pick<ScheduleLedger, 'definition'>,
): BoundAction[] | string {
  const bound = bindActions(registry, workOf(task, ledger)?.actions ?? []);
  if (typeof bound === 'string') return bound;
  const elsewhere = bound.find(
    ({ action, input }) => (action.environment?.(input) ?? task.environment) !== task.environment,
  );
  return elsewhere
    ? `${elsewhere.name}: is for another environment than the task, which is for ${task.environment}`
    : (endProblem(task, bound) ?? bound);
}

/** What is wrong with the place of an action in whose middle the daemon ends. */
function endProblem(task: Task, bound: readonly BoundAction[]): string | null {
  const isEnding = ({ action, later }: BoundAction): boolean => action.endsDaemon === true || later.some(isEnding);
  const [first, ...others] = bound.filter(isEnding);
  if (!first) return null;
  if (!('actions' in task) || !first.action.endsDaemon) return `${first.name}: cannot be put off: make a task of it`;
  if (others.length > 0 || bound.at(-1) !== first)
    return `${first.name}: must be its task's last action, and the only one of its kind`;
  return task.on_interrupt === 'resume' ? null : `${first.name}: its task must say on_interrupt: resume`;
}
