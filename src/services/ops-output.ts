import type { OperationType } from '../contract/names.ts';
import {
  type ActionTaken,
  type Blocker,
  type EnvironmentChange,
  type HealthCheck,
  OpsOutput,
} from '../contract/ops-output.ts';
import type { StepEvidence } from '../contract/report.ts';
import type { Task } from '../contract/task.ts';
import type { StepRecord, StepState } from '../planning/record.ts';
import { canBeUndone, changesSomething, isTakenBack } from '../planning/step.ts';
import { monitoringSetup } from './monitoring-setup.ts';

/** Everything that a finished task's report is made of. */
export interface Conclusion {
  task: Task;
  records: readonly StepRecord[];
  blockers: Blocker[];
  notes: readonly string[];
}

/** Where the host's reports say that work was done, and how to take it back. */
export interface Host {
  name: string;
  /** The full command for undoing, up to the task's id, e.g. `/opt/savorg-ops/… undo`. */
  undoCommand: string;
}

/** The readable report of a task that ran, its keys in the contract's order. */
export function opsOutputOf({ task, records, blockers, notes }: Conclusion, host: Host): OpsOutput {
  return OpsOutput.parse({
    task_id: task.task_id,
    status: blockers.length === 0 ? 'completed' : 'blocked',
    operation_type: task.operation_type,
    actions_taken: 'undo' in task ? actionsTakenBack(records, host) : actionsTaken(task, records, host),
    health_checks: healthChecks(records),
    monitoring_setup: 'undo' in task ? [] : monitoringSetup(records),
    environment_changes: 'undo' in task ? records.flatMap(changesBack) : records.flatMap(environmentChanges),
    blockers,
    notes: notes.join(' '),
  });
}

/** The report of something that did not run. */
export function nothingRan(taskId: string, operationType: OperationType, blocker: Blocker): OpsOutput {
  return {
    task_id: taskId,
    status: 'blocked',
    operation_type: operationType,
    actions_taken: [],
    health_checks: [],
    monitoring_setup: [],
    environment_changes: [],
    blockers: [blocker],
    notes: 'Nothing was run.',
  };
}

export function evidenceOf({ n, action, step, state, durationMs }: StepRecord): StepEvidence {
  return {
    n,
    action,
    kind: step.kind,
    target: step.target,
    outcome: OUTCOMES[state],
    duration_ms: durationMs,
    undo: undoState(step, state),
  };
}

const OUTCOMES: Record<StepState, StepEvidence['outcome']> = {
  planned: 'skipped',
  refused: 'failed',
  applying: 'unknown',
  unknown: 'unknown',
  undoing: 'unknown',
  applied: 'applied',
  failed: 'failed',
  'undo-failed': 'failed',
  undone: 'undone',
};

function undoState(step: StepRecord['step'], state: StepState): StepEvidence['undo'] {
  if (!isTakenBack(step) || state === 'planned' || state === 'refused') return 'none';
  if (!canBeUndone(step)) return 'irreversible';
  if (state === 'undone') return 'done';
  return state === 'undo-failed' ? 'refused' : 'captured';
}

const hasBegun = ({ state }: StepRecord) => state !== 'planned';

function byAction(records: readonly StepRecord[]): Map<number, StepRecord[]> {
  return Map.groupBy(records.filter(hasBegun), ({ action }) => action);
}

function actionsTaken(task: Task, records: readonly StepRecord[], host: Host): ActionTaken[] {
  return [...byAction(records)].map(([action, steps]) => ({
    action: titleOf(steps),
    target: targetOf(steps, host),
    result: stands(steps) ? 'success' : 'failed',
    rollback_command: rollbackOf(task.task_id, action, steps, host),
  }));
}

function actionsTakenBack(records: readonly StepRecord[], host: Host): ActionTaken[] {
  return [...byAction(records)].toReversed().map(([, steps]) => ({
    action: `undo: ${titleOf(steps)}`,
    target: targetOf(steps, host),
    result:
      steps.some(({ state }) => state === 'undone') && !steps.some(({ state }) => state === 'undo-failed')
        ? 'success'
        : 'failed',
    rollback_command: 'none: an undo is not undone; submit the work again',
  }));
}

/** The steps of an action that say what it did: those that change something, or its looks where it has no others. */
function deeds(steps: readonly StepRecord[]): readonly StepRecord[] {
  const changes = steps.filter(({ step }) => changesSomething(step));
  return changes.length > 0 ? changes : steps;
}

const titleOf = (steps: readonly StepRecord[]) =>
  deeds(steps)
    .map(({ step }) => step.title)
    .join('; ');

const targetOf = (steps: readonly StepRecord[], host: Host) =>
  `${host.name}/${deeds(steps)[0]?.step.target.replace(/^\//, '')}`;

const stands = (steps: readonly StepRecord[]) => deeds(steps).every(({ state }) => state === 'applied');

function rollbackOf(taskId: string, action: number, steps: readonly StepRecord[], host: Host): string {
  const changes = steps.filter(({ step }) => isTakenBack(step));
  if (changes.every(({ state }) => state === 'refused')) return 'none: changed nothing';
  if (changes.every(({ state }) => state === 'undone')) return 'none: already taken back';
  if (changes.some(({ step }) => !canBeUndone(step))) return 'none: signed as irreversible';
  return `${host.undoCommand} ${taskId} --action ${action}`;
}

/** The latest word on each thing looked at: what is done on the way back only comes after all else, the last step first. */
function healthChecks(records: readonly StepRecord[]): HealthCheck[] {
  const { forth = [], back = [] } = Object.groupBy(records, ({ step }) => (step.only === 'back' ? 'back' : 'forth'));
  const inTime = [...forth.filter((record) => !wentWithAnother(record, forth)), ...back.toReversed()];
  const latest = new Map<string, HealthCheck>();
  for (const check of inTime.flatMap(({ health }) => health)) latest.set(`${check.service} ${check.endpoint}`, check);
  return [...latest.values()];
}

/** What is not taken back by itself is a part of the step before it that is: what it did is gone with that. */
function wentWithAnother({ n, action, step }: StepRecord, records: readonly StepRecord[]): boolean {
  if (step.only !== 'forward') return false;
  const whole = records.findLast((other) => other.n < n && other.action === action && isTakenBack(other.step));
  return whole?.state === 'undone';
}

/** What a step changed, and back again where it is taken back. */
const environmentChanges = (record: StepRecord): EnvironmentChange[] => [...record.environment, ...changesBack(record)];

const INVERSE = { added: 'removed', modified: 'modified', removed: 'added' } as const;

const changesBack = ({ state, environment }: StepRecord): EnvironmentChange[] =>
  state === 'undone' ? environment.map((change) => ({ ...change, action: INVERSE[change.action] })) : [];
