import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headingOf, parse } from '../../src/admission/parse.ts';
import { taskDigest } from '../../src/contract/digest.ts';
import type { Task } from '../../src/contract/task.ts';
import { anyTask } from '../support/arbitrary.ts';
import { actionsTask, deliveryOf } from '../support/tasks.ts';

const noBinder = (): never => {
  throw new Error('nothing to bind');
};
/** As JSON.parse makes it: `__proto__` is a key like any other. */
const entries = (pairs: [string, unknown][]): unknown =>
  JSON.parse(`{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value) ?? 'null'}`).join()}}`);
const bind = (task: Task) => ('actions' in task ? task.actions : []);

describe('what parses', () => {
  it('deep-equals what was delivered, and has its digest', () => {
    fc.assert(
      fc.property(anyTask, (task) => {
        const delivery = deliveryOf(task, ['a.b.c']);
        const before = JSON.stringify(delivery.data);
        const parsed = parse(delivery, bind);
        expect(parsed).toMatchObject({
          kind: 'parsed',
          tokens: ['a.b.c'],
          digest: taskDigest(JSON.parse(before).task),
        });
        expect(parsed.kind === 'parsed' && JSON.parse(JSON.stringify(parsed.task))).toEqual(JSON.parse(before).task);
        expect(parsed.kind === 'parsed' && Object.keys(parsed.task).toSorted()).toEqual(Object.keys(task).toSorted());
        expect(JSON.stringify(delivery.data)).toBe(before);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses what cannot be bound, with the reason of whoever binds it', () => {
    const refused = parse(deliveryOf(actionsTask(), []), () => 'actions[1] c.d: has no wheels');
    expect(refused).toMatchObject({ kind: 'refused', reason: 'malformed', message: 'actions[1] c.d: has no wheels' });
  });

  it('T10: never throws and never runs a binder for what is no submission', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }), (data) => {
        expect(parse({ ...deliveryOf(actionsTask(), []), data }, noBinder).kind).toBe('refused');
      }),
      { numRuns: 500 },
    );
  });

  it('T10: never gives other objects a property, whatever JSON was put in the place of a part of a task', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const key = fc.constantFrom('__proto__', 'constructor', 'prototype', 'polluted', 'task', 'with');
    const json = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 6 }, fc.jsonValue(), fc.array(tie('value')), tie('object')),
      object: fc.array(fc.tuple(key, tie('value'))).map(entries),
    })).object;
    fc.assert(
      fc.property(json, fc.constantFrom('task', 'with', 'data'), (junk, place) => {
        const whole = structuredClone(actionsTask()) as unknown as { actions: { with: unknown }[] };
        if (place === 'with') for (const action of whole.actions) action.with = junk;
        const data = place === 'data' ? junk : { task: place === 'task' ? junk : whole, attestations: [] };
        parse({ ...deliveryOf(actionsTask(), []), data }, bind);
        expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });
});

describe('a heading', () => {
  it('is read of a task that cannot be parsed', () => {
    const { task_id, operation_type } = actionsTask();
    expect(headingOf({ task: { task_id, operation_type, x: 1 }, more: 2 })).toEqual({ task_id, operation_type });
  });

  it.each([
    null,
    'x',
    [],
    {},
    { task: null },
    { task: { task_id: 'A B', operation_type: 'infra' } },
    { task: { task_id: 'a' } },
  ])('is none of %j', (data) => {
    expect(headingOf(data)).toBeNull();
  });
});
