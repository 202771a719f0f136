import { describe, expect, it } from 'vitest';
import { type StepRecord, type StepState, undoPlan, undoProblem } from '../../src/planning/record.ts';
import type { Step } from '../../src/planning/step.ts';
import { commandStep } from '../support/commands.ts';

const base = { target: 't', title: 'it' };
const STEPS: Record<string, Step> = {
  file: {
    ...base,
    kind: 'file',
    path: '/a',
    content: { type: 'text', text: '' },
    mode: null,
    owner: null,
    before: { exists: false },
  },
  command: commandStep('t'),
  forever: { ...commandStep('t', null), title: 'the irreversible' },
  probe: { ...base, kind: 'probe', probe: { type: 'process', service: 's', name: 's' } },
};

/** Records from `file applied, 2 probe applied, …`: the action (1 where absent), the step, its state. */
function recordsOf(text: string): StepRecord[] {
  return text
    .split(', ')
    .filter(Boolean)
    .map((entry, index) => {
      const [, action = '1', kind = '', state] = /^(?:(\d) )?(\w+) (.+)$/.exec(entry) ?? [];
      const step = STEPS[kind];
      if (!step) throw new TypeError(`no step ${kind}`);
      const seen = { captured: null, left: null, message: '', durationMs: 0, health: [], environment: [] };
      return { n: index + 1, action: Number(action), step, state: state as StepState, ...seen };
    });
}

interface Row {
  records: string;
  action?: number;
  /** The numbers of the steps to undo, in their order. */
  steps: number[];
  stopsAt?: number;
  problem: string | null;
}

const irreversible = 'its last step (the irreversible) was signed as irreversible';

const TABLE: Row[] = [
  { records: '', steps: [], problem: 'it changed nothing' },
  { records: 'file planned, command skipped', steps: [], problem: 'it changed nothing' },
  { records: 'probe applied, probe failed', steps: [], problem: 'it changed nothing' },
  { records: 'file applied', steps: [1], problem: null },
  { records: 'file applied, probe applied', steps: [1], problem: null },
  { records: 'file applied, command applied, file applied', steps: [3, 2, 1], problem: null },
  { records: 'file applied, command failed, file planned', steps: [2, 1], problem: null },
  { records: 'file applied, command applying, file planned', steps: [2, 1], problem: null },
  { records: 'file applied, command unknown', steps: [2, 1], problem: null },
  { records: 'file applied, command undoing, file undone', steps: [2, 1], problem: null },
  { records: 'file applied, command undo-failed, file undone', steps: [2, 1], problem: null },
  { records: 'file undone, command undone', steps: [], problem: 'it is already taken back' },
  { records: 'file undone, probe applied', steps: [], problem: 'it is already taken back' },
  { records: 'forever applied', steps: [], stopsAt: 1, problem: irreversible },
  { records: 'forever planned', steps: [], problem: 'it changed nothing' },
  { records: 'forever failed', steps: [], stopsAt: 1, problem: irreversible },
  { records: 'file applied, forever applied', steps: [], stopsAt: 2, problem: irreversible },
  { records: 'forever applied, file applied', steps: [2], stopsAt: 1, problem: null },
  { records: 'file applied, forever applied, command applied, file applied', steps: [4, 3], stopsAt: 2, problem: null },
  { records: 'file applied, forever applied, file undone', steps: [], stopsAt: 2, problem: irreversible },
  { records: 'file applied, 2 file applied', action: 1, steps: [1], problem: null },
  { records: 'file applied, 2 file applied, 2 probe applied, 2 file applied', action: 2, steps: [4, 2], problem: null },
  { records: 'file applied, 2 forever applied', action: 1, steps: [1], problem: null },
  { records: 'file applied, 2 probe applied', action: 2, steps: [], problem: 'it changed nothing' },
  { records: 'file applied, 2 file undone', action: 2, steps: [], problem: 'it is already taken back' },
  { records: 'file applied', action: 2, steps: [], problem: 'it has no action 2' },
];

describe('what is to be undone', () => {
  it.each(TABLE)('of "$records" (action $action) is $steps', ({ records, action, steps, stopsAt, problem }) => {
    const given = recordsOf(records);
    const plan = undoPlan(given, action);
    expect(plan.steps.map(({ n }) => n)).toEqual(steps);
    expect(plan.stopsAt?.n).toBe(stopsAt);
    expect(undoProblem(given, action)).toBe(problem);
    expect(given).toEqual(recordsOf(records));
  });
});
