import { describe, expect, it } from 'vitest';
import { registry } from '../../jobs/index.ts';
import { Target } from '../../src/contract/control.ts';
import { ActionName, OperationType } from '../../src/contract/names.ts';
import type { AnyAction } from '../../src/planning/action.ts';
import type { FactQuery } from '../../src/planning/facts.ts';
import { ResourceName } from '../../src/planning/input.ts';
import { WHOLE_HOST } from '../../src/planning/resources.ts';
import { type Answers, runPlan } from '../../src/planning/run-plan.ts';
import { type ContainerStep, canBeUndone, changesSomething, type Step } from '../../src/planning/step.ts';
import { FILES, WEB } from './apps.ts';
import { HOSTS, SAMPLES } from './samples.ts';

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

function answersOf(action: AnyAction, input: unknown, host: (query: FactQuery) => unknown): Answers {
  const queries = Object.entries(action.facts(input));
  return frozen(Object.fromEntries(queries.map(([name, query]) => [name, host(query)])) as Answers);
}

/** The plans of an input on every host whose facts do not forbid it. */
const plansOf = (action: AnyAction, input: unknown): Step[][] =>
  HOSTS.flatMap((host) => {
    const answers = answersOf(action, input, host);
    try {
      return [runPlan([{ name: 'x', action, input, later: [] }], [answers]).map(({ step }) => step)];
    } catch (error) {
      expect(error).toMatchObject({ name: 'Error', message: expect.stringMatching(/ /) });
      return [];
    }
  });

/** Every object in a value, with its path. */
function objectsIn(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return [path, ...Object.entries(value).flatMap(([key, child]) => objectsIn(child, [...path, key]))];
}

function withOneMore(value: unknown, [key, ...rest]: string[]): unknown {
  const object = value as Record<string, unknown>;
  return key === undefined ? { ...object, 'no-such-field': 1 } : { ...object, [key]: withOneMore(object[key], rest) };
}

/** Every argv of an input, wherever it stands. */
function argvsIn(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    ['argv', 'undo', 'interpreter', 'unless', 'start', 'stop', 'status'].includes(key)
      ? [child as string[]]
      : argvsIn(child),
  );
}

/** The paths that a step names to be written. */
function writtenBy(step: Step): readonly string[] {
  if (step.kind === 'command') return step.command.writes;
  if (step.kind === 'service') return 'writes' in step.ref ? (step.ref.writes ?? []) : [];
  if (step.kind === 'container') return volumesOf(step).map(({ host }) => host);
  return 'path' in step ? [step.path] : [];
}

const volumesOf = ({ goal }: ContainerStep) => (goal.state === 'running' ? (goal.spec.volumes ?? []) : []);

describe('the registry', () => {
  it('has samples for every action', () => {
    expect(Object.keys(SAMPLES).toSorted()).toEqual(Object.keys(registry).toSorted());
  });

  it('has each action once', () => {
    expect(new Set(Object.values(registry)).size).toBe(Object.keys(registry).length);
  });
});

describe.each(Object.entries(registry))('%s', (actionName, action) => {
  it('is named by its operation type and says in one line what it does', () => {
    expect(ActionName.safeParse(actionName).success).toBe(true);
    expect(OperationType.options).toContain(actionName.split('.')[0]);
    expect(action.summary).toMatch(/^[A-Z][^\n]{10,}\.$/);
    expect(action.undo).toMatch(/^[a-z][^\n]{5,}[^.]$/);
  });

  it.each([{}, null, [], 'x'])('takes no input %j', (input) => {
    expect(action.input.safeParse(input).success).toBe(false);
  });

  describe.each((SAMPLES[actionName] ?? []).map((sample) => [sample] as const))('with %j', (sample) => {
    const input = frozen(action.input.parse(frozen(sample)));

    it('takes the input as it was signed', () => expect(input).toEqual(sample));

    it('refuses a field that is not known, at every level but in what is free', () => {
      const taking = objectsIn(sample).filter((path) => action.input.safeParse(withOneMore(sample, path)).success);
      expect(taking).toEqual([]);
    });

    it('plans the same twice, and what the ledger can store', () => {
      const [first, again] = [plansOf(action, input), plansOf(action, input)];
      expect(first.length).toBeGreaterThan(0);
      expect(first).toEqual(again);
      expect(JSON.parse(JSON.stringify(first))).toEqual(first);
    });

    it('asks the same twice', () => expect(action.facts(input)).toEqual(action.facts(input)));

    it('changes something only if it says so', () => {
      for (const plan of plansOf(action, input)) expect(plan.some(changesSomething)).toBe(action.changes);
    });

    it('can be taken back if, and only if, it says so', () => {
      for (const plan of plansOf(action, input)) expect(plan.every(canBeUndone)).toBe(action.reversible(input));
    });

    it('ends with a probe, or with what tells of its health by itself', () => {
      const telling = [
        'probe',
        'command',
        'container',
        'directory',
        'file',
        'link',
        'record',
        'service',
        'setting',
        'tree',
        'upgrade',
      ];
      for (const plan of plansOf(action, input)) expect(telling).toContain(plan.at(-1)?.kind);
    });

    it('ends with the probe that the task names', () => {
      if (!('check' in sample)) return;
      for (const plan of plansOf(action, input))
        expect(plan.at(-1)).toMatchObject({ kind: 'probe', probe: sample['check'] });
    });

    it('hands on the argvs as they were signed, and no other', () => {
      // What an app runs is no task's to say.
      const signed = [sample, ...('app' in sample ? [WEB, FILES] : [])].flatMap(argvsIn);
      for (const plan of plansOf(action, input)) {
        const planned = plan.flatMap((step) => {
          if (step.kind === 'probe') return argvsIn(step);
          return step.kind === 'command' ? [step.command.argv, ...(step.undo ? [step.undo.argv] : [])] : [];
        });
        for (const argv of planned) expect(signed).toContainEqual(argv);
      }
    });

    it('names what it needs and what a veto can name', () => {
      const odd = action
        .resources(input)
        .filter((name) => name !== WHOLE_HOST && !ResourceName.safeParse(name).success);
      expect(odd).toEqual([]);
      expect(action.resources(input).length > 0).toBe(action.changes);
      const subjects = action.subjects(input).map((subject) => subject.replace(/^schedule:/, 'schedule:mini-1/'));
      for (const subject of subjects) expect(Target.safeParse(subject).success).toBe(true);
    });

    it('asks policy for every path that it looks at to change it, or changes', () => {
      const needs = new Set(action.needs(input));
      const asked = Object.values(action.facts(input)).flatMap((query) => ('path' in query ? [query.path] : []));
      const changed = plansOf(action, input).flat().flatMap(writtenBy);
      const paths = 'app' in sample ? changed.filter((path) => !path.startsWith('/srv/example/')) : changed;
      expect([...asked, ...paths].filter((path) => !needs.has(`path:${path}`))).toEqual([]);
    });

    it('says of each step what it does and to what', () => {
      for (const step of plansOf(action, input).flat()) {
        expect(step.title).not.toBe('');
        expect(step.target).not.toBe('');
      }
    });
  });
});
