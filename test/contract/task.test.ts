import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTask, Submission, Task } from '../../src/contract/task.ts';
import { type Json, replaced } from '../support/alterations.ts';
import { anyTask } from '../support/arbitrary.ts';
import { actionsTask, COMMAND_ACTION, FILE_ACTION, slotTask, undoTask } from '../support/tasks.ts';

const FORMS = {
  actions: actionsTask({ actions: [FILE_ACTION, COMMAND_ACTION] }),
  undo: undoTask(actionsTask()),
  slot: slotTask(),
};
const parses = (value: unknown) => [parseTask(value).success, Task.safeParse(value).success];

describe.each(Object.entries(FORMS))('a task with %s', (form, task) => {
  it('is taken as it is', () => {
    expect(parseTask(task).data).toEqual(task);
    expect(Task.parse(task)).toEqual(task);
  });

  it.each(Object.keys(task))('needs its %s', (key) => {
    expect(parses({ ...task, [key]: undefined })).toEqual([false, false]);
    expect(parses({ ...task, [key]: null })).toEqual([false, false]);
  });

  it('has no field that is not known, at any level', () => {
    const places = form === 'actions' ? [[], ['actions', 0]] : [[], [form]];
    for (const path of places) {
      const place = path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], task);
      expect(parses(replaced(task as Json, path, { ...(place as object), more: 1 }))).toEqual([false, false]);
    }
  });

  it.each(Object.keys(FORMS).filter((other) => other !== form))('has not %s too', (other) => {
    const both = { ...FORMS[other as keyof typeof FORMS], ...task };
    expect(parses(both)).toEqual([false, false]);
  });

  it('cannot be none of the three', () => {
    expect(parses({ ...task, [form]: undefined })).toEqual([false, false]);
  });
});

describe('any task', () => {
  it('is taken as it is: nothing is added, changed or left out', () => {
    fc.assert(
      fc.property(anyTask, (task) => {
        const text = JSON.stringify(task);
        expect(parseTask(JSON.parse(text)).data).toEqual(JSON.parse(text));
        expect(Task.parse(JSON.parse(text))).toEqual(JSON.parse(text));
        expect(Submission.parse({ task: JSON.parse(text), attestations: [] }).task).toEqual(JSON.parse(text));
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, object]>([
    ['an integer as its id', { task_id: '123' }],
    ['another operation type', { operation_type: 'shell' }],
    ['another environment', { environment: 'dev' }],
    ['a reserved host', { host: 'results' }],
    ['no reason', { reason: '' }],
    ['a reason of 2001 characters', { reason: 'x'.repeat(2001) }],
    ['no actions', { actions: [] }],
    ['51 actions', { actions: Array.from({ length: 51 }, () => FILE_ACTION) }],
    ['an input that is no object', { actions: [{ action: 'config.file', with: [] }] }],
    ['an action without input', { actions: [{ action: 'config.file' }] }],
    ['irreversible as text', { actions: [{ ...FILE_ACTION, irreversible: 'true' }] }],
    ['another on_failure', { on_failure: 'retry' }],
    ['another on_interrupt', { on_interrupt: 'retry' }],
    ['a time with milliseconds', { expires_at: '2026-11-23T12:00:00.000Z' }],
    ['a time as a number', { not_before: 1_795_000_000 }],
  ])('has not %s', (_, given) => {
    expect(parses({ ...actionsTask(), ...given })).toEqual([false, false]);
  });

  it.each([0, 51, 1.5, '1'])('takes back no action %j', (action) => {
    const task = undoTask(actionsTask());
    expect(parses({ ...task, undo: { ...task.undo, action } })).toEqual([false, false]);
  });

  it.each(['operation_type', 'task_id', 'expires_at'])('says which field is wrong: %s', (field) => {
    for (const task of Object.values(FORMS)) {
      expect(parseTask({ ...task, [field]: 7 }).error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
    }
  });
});
