import { describe, expect, it } from 'vitest';
import type { StepRecord, StepState } from '../../src/planning/record.ts';
import type { ProbeStep, Step } from '../../src/planning/step.ts';
import { evidenceOf, nothingRan, opsOutputOf } from '../../src/services/ops-output.ts';
import { commandStep } from '../support/commands.ts';
import { actionsTask, HOST, undoTask } from './support.ts';

const probe: ProbeStep = {
  kind: 'probe',
  target: 'web',
  title: 'check web',
  probe: { type: 'http', service: 'web', url: 'http://x/' },
};

const record = (step: Step, state: StepState, more: Partial<StepRecord> = {}): StepRecord => ({
  n: 1,
  action: 1,
  step,
  state,
  captured: null,
  left: null,
  message: '',
  durationMs: 5,
  health: [],
  environment: [],
  ...more,
});

const output = (records: StepRecord[], task = actionsTask()) =>
  opsOutputOf({ task, records, blockers: [], notes: ['One.', 'Two.'] }, HOST);

const health = (status: 'healthy' | 'down', service = 'web') => [{ service, endpoint: 'e', status }];

describe('ops_output', () => {
  it('has its keys in the order of the contract', () => {
    const keys = [
      'task_id',
      'status',
      'operation_type',
      'actions_taken',
      'health_checks',
      'monitoring_setup',
      'environment_changes',
      'blockers',
      'notes',
    ];
    expect(Object.keys(output([]))).toEqual(keys);
    expect(Object.keys(nothingRan('a', 'infra', { code: 'c', message: 'm', owner: 'manager' }))).toEqual(keys);
  });

  it('is completed only without a blocker, and joins its notes', () => {
    const blockers = [{ code: 'x', message: 'y', owner: 'operator' as const }];
    const blocked = opsOutputOf({ task: actionsTask(), records: [], blockers, notes: [] }, HOST);
    expect([output([]).status, output([]).notes, blocked.status]).toEqual(['completed', 'One. Two.', 'blocked']);
  });

  it.each([
    ['applied', 'success', '/opt/ops undo task-1 --action 1'],
    ['failed', 'failed', '/opt/ops undo task-1 --action 1'],
    ['unknown', 'failed', '/opt/ops undo task-1 --action 1'],
    ['undo-failed', 'failed', '/opt/ops undo task-1 --action 1'],
    ['undone', 'failed', 'none: already taken back'],
  ] as const)('says of an action whose step is %s: %s, and how to take it back', (state, result, rollback_command) => {
    expect(output([record(commandStep('x'), state)]).actions_taken).toEqual([
      { action: 'run x', target: 'mini-1/x', result, rollback_command },
    ]);
  });

  it('does not list an action whose steps are planned', () => {
    expect(output([record(commandStep('x'), 'planned')]).actions_taken).toEqual([]);
  });

  it('tells of an action by what it changed, not by its looks', () => {
    const records = [record(commandStep('a'), 'applied'), record(probe, 'failed', { n: 2 })];
    expect(output(records).actions_taken).toMatchObject([{ action: 'run a', target: 'mini-1/a', result: 'success' }]);
    expect(output([record(probe, 'applied')]).actions_taken).toEqual([
      { action: 'check web', target: 'mini-1/web', result: 'success', rollback_command: 'none: changed nothing' },
    ]);
    expect(output([record(commandStep('a', null), 'applied')]).actions_taken).toMatchObject([
      { rollback_command: 'none: signed as irreversible' },
    ]);
  });

  it('keeps the latest word on each thing looked at', () => {
    const records = [
      record(commandStep('x'), 'applied', { health: health('down') }),
      record(probe, 'applied', { n: 2, health: [...health('healthy'), ...health('down', 'db')] }),
    ];
    expect(output(records).health_checks).toEqual([...health('healthy'), ...health('down', 'db')]);
  });

  it('says of what was taken back how it stands then, and nothing of what is gone', () => {
    const inTree = { n: 2, health: health('healthy', 'build') };
    const records = (state: StepState) => [
      record(commandStep('make'), state),
      record({ ...commandStep('build'), only: 'forward' }, 'applied', inTree),
      record({ ...probe, only: 'back' }, state, { n: 3, health: state === 'undone' ? health('healthy') : [] }),
      record({ ...commandStep('restart'), only: 'back' }, state, { n: 4, health: health('down') }),
      record(probe, 'failed', { n: 5, health: health('down') }),
      record({ ...commandStep('other'), only: 'forward' }, 'applied', {
        n: 6,
        action: 2,
        health: health('healthy', 'db'),
      }),
    ];
    expect(output(records('undone')).health_checks).toEqual([...health('healthy'), ...health('healthy', 'db')]);
    expect(output(records('applied')).health_checks).toEqual([
      ...health('healthy', 'build'),
      ...health('down'),
      ...health('healthy', 'db'),
    ]);
  });

  it('tells of an undo the last action first', () => {
    const records = [record(commandStep('a'), 'undone'), record(commandStep('b'), 'undo-failed', { action: 2, n: 2 })];
    const task = undoTask(actionsTask());
    const taken = opsOutputOf({ task, records, blockers: [], notes: [] }, HOST).actions_taken;
    expect(taken.map(({ action, result }) => `${action} ${result}`)).toEqual([
      'undo: run b failed',
      'undo: run a success',
    ]);
    expect(taken[0]?.rollback_command).toMatch(/^none: an undo is not undone/);
  });
});

describe('evidence of a step', () => {
  it.each([
    [commandStep('x'), 'planned', 'skipped', 'none'],
    [commandStep('x'), 'refused', 'failed', 'none'],
    [commandStep('x'), 'applying', 'unknown', 'captured'],
    [commandStep('x'), 'unknown', 'unknown', 'captured'],
    [commandStep('x'), 'undoing', 'unknown', 'captured'],
    [commandStep('x'), 'applied', 'applied', 'captured'],
    [commandStep('x'), 'failed', 'failed', 'captured'],
    [commandStep('x'), 'undo-failed', 'failed', 'refused'],
    [commandStep('x'), 'undone', 'undone', 'done'],
    [commandStep('x', null), 'applied', 'applied', 'irreversible'],
    [probe, 'applied', 'applied', 'none'],
  ] as const)('%#', (step, state, outcome, undo) => {
    expect(evidenceOf(record(step, state))).toEqual({
      n: 1,
      action: 1,
      kind: step.kind,
      target: step.target,
      outcome,
      duration_ms: 5,
      undo,
    });
  });
});
