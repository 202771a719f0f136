import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type BoundAction, defineAction } from '../../src/planning/action.ts';
import type { FactQueries } from '../../src/planning/facts.ts';
import { overlapOf, permissionsOf, queriesOf, resourcesOf, runPlan, subjectsOf } from '../../src/planning/run-plan.ts';
import type { Step } from '../../src/planning/step.ts';

const probe = (service: string): Step => ({
  kind: 'probe',
  target: service,
  title: service,
  probe: { type: 'process', service, name: service },
});

const ABSENT = { exists: false } as const;

/** An action that becomes the steps named in its input, and asks for a file of each name. */
const action = defineAction<{ names: string[]; needs?: string[] }, FactQueries>({
  summary: 'Needs what it is told to.',
  undo: 'has nothing to do',
  check: () => undefined,
  input: z.strictObject({ names: z.array(z.string()), needs: z.array(z.string()).optional() }) as never,
  changes: false,
  reversible: () => true,
  resources: ({ needs }) => needs ?? [],
  needs: ({ needs }) => needs ?? [],
  subjects: ({ names }) => names.map((name) => `commit:${name}`),
  facts: ({ names }) => Object.fromEntries(names.map((name) => [name, { ask: 'file', path: `/${name}` }])),
  plan: ({ names }, facts) => names.map((name) => probe(`${name} ${JSON.stringify(facts[name] ?? null)}`)),
});
const ask = (path: string) => ({ ask: 'file', path });
const bound = (names: string[], needs: string[] = []): BoundAction => ({
  later: [],
  name: 'x.look',
  action,
  input: { names, needs },
});

describe('the run plan', () => {
  it('has the steps of all actions in their order, numbered through', () => {
    const plan = runPlan([bound(['a', 'b']), bound([]), bound(['c'])], []);
    expect(plan.map(({ n, action: of, step }) => [n, of, step.target])).toEqual([
      [1, 1, 'a null'],
      [2, 1, 'b null'],
      [3, 3, 'c null'],
    ]);
  });

  it('gives each action its own facts', () => {
    const plan = runPlan([bound(['a']), bound(['a'])], [{ a: ABSENT }, { a: null }]);
    expect(plan.map(({ step }) => step.target)).toEqual(['a {"exists":false}', 'a null']);
  });

  it('is empty of no actions', () => expect(runPlan([], [])).toEqual([]));
});

describe('what must be known before', () => {
  it('is asked for each action by itself', () => {
    expect(queriesOf([bound(['a', 'b']), bound(['a'])])).toEqual([{ a: ask('/a'), b: ask('/b') }, { a: ask('/a') }]);
  });

  it('is every commit that a veto can name', () => {
    expect(subjectsOf([bound(['a']), bound(['b', 'c'])])).toEqual(['commit:a', 'commit:b', 'commit:c']);
  });
});

describe('the resources of a task', () => {
  it('are those of all its actions, each once', () => {
    expect(resourcesOf([bound([], ['path:/a', 'x:1']), bound([], ['x:1'])])).toEqual(['path:/a', 'x:1']);
    expect(resourcesOf([])).toEqual([]);
  });

  it('are the whole host where one action takes it', () => {
    expect(resourcesOf([bound([], ['path:/a']), bound([], ['host'])])).toEqual(['host']);
  });

  it('may be named by one of its actions only', () => {
    expect(overlapOf([bound(['asked'], ['path:/a']), bound([], ['path:/a/b'])])).toBe('path:/a/b');
    expect(overlapOf([bound(['asked'], ['path:/a']), bound([], ['path:/b'])])).toBeUndefined();
  });

  it('may be named by one only of those that an action puts off', () => {
    const puttingOff = (...later: BoundAction[]) => ({ ...bound([]), later });
    const twice = puttingOff(bound(['asked'], ['path:/a']), bound([], ['path:/a']));
    expect(overlapOf([bound([]), twice])).toBe('path:/a');
    expect(overlapOf([puttingOff(bound([], ['path:/a'])), bound([], ['path:/a'])])).toBeUndefined();
  });
});

describe('what an action puts off', () => {
  const later = { ...bound(['b'], ['path:/b', 'path:/b']), name: 'y.do' };

  it('is for policy to allow, as what it does at once', () => {
    expect(permissionsOf({ ...bound(['a'], ['path:/a']), later: [later] })).toEqual([
      { name: 'x.look', changes: false, needs: ['path:/a'] },
      { name: 'y.do', changes: false, needs: ['path:/b'] },
    ]);
  });

  it('can be named by a veto', () => {
    expect(subjectsOf([{ ...bound(['a']), later: [later] }])).toEqual(['commit:a', 'commit:b']);
  });
});
