import { describe, expect, it } from 'vitest';
import { OpsError, UnknownCommitError } from '../../src/errors.ts';
import type { TreeStep } from '../../src/planning/step.ts';
import { treeKind } from '../../src/steps/tree.ts';
import { MemoryTrees } from '../support/trees.ts';

const PATH = '/srv/web/releases/r';
const context = { task_id: 't', work: 't', n: 1, signal: new AbortController().signal, output: async () => undefined };
const base = { kind: 'tree', target: PATH, title: 'fetch r', path: PATH, digest: null, like: null } as const;
const make: TreeStep = {
  ...base,
  verb: 'make',
  source: { type: 'git', remote: 'file:///r.git', commit: 'a'.repeat(40) },
};
const seal: TreeStep = { ...base, verb: 'seal', source: null };
const remove: TreeStep = { ...base, verb: 'remove', source: null };
const WHOLE = { digest: 'd1', sealed: false };
/** What a daemon left that died in the middle. */
const PART = { digest: '', sealed: false };

function setUp(present?: { digest: string; sealed: boolean }) {
  const trees = new MemoryTrees();
  if (present) trees.trees.set(PATH, { ...present });
  return { trees, kind: treeKind({ trees }) };
}

describe('applying', () => {
  it('makes a tree and tells its digest', async () => {
    const { kind, trees } = setUp();
    expect(await kind.apply(make, context)).toMatchObject({
      outcome: 'applied',
      left: { digest: 'd1' },
      health: [{ service: PATH, status: 'healthy', endpoint: 'tree d1' }],
    });
    expect(trees.trees.get(PATH)).toEqual(WHOLE);
  });

  it('touches nothing where a tree is to be made and one is there', async () => {
    const { kind, trees } = setUp(WHOLE);
    const message = `${PATH} is there already`;
    expect(await kind.apply(make, context)).toMatchObject({ outcome: 'refused', code: 'changed-since-plan', message });
    expect(trees.trees.size).toBe(1);
  });

  it.each([
    ['fetch-failed', new OpsError('https://example.com/web.git cannot be reached')],
    ['unknown-commit', new UnknownCommitError('https://example.com/web.git has no commit aaa')],
  ])('says why nothing could be fetched: %s', async (code, problem) => {
    const { kind, trees } = setUp();
    trees.problem = problem;
    expect(await kind.apply(make, context)).toMatchObject({ outcome: 'failed', code, message: problem.message });
  });

  it('seals what is whole, and nothing else', async () => {
    const { kind, trees } = setUp(WHOLE);
    expect(await kind.apply(seal, context)).toMatchObject({ outcome: 'applied' });
    expect(trees.trees.get(PATH)?.sealed).toBe(true);
    expect(await setUp(PART).kind.apply(seal, context)).toMatchObject({ outcome: 'failed', code: 'not-as-planned' });
    expect(await setUp().kind.apply(seal, context)).toMatchObject({ outcome: 'refused', code: 'changed-since-plan' });
  });

  it.each([WHOLE, PART, undefined])('removes what is there: %j', async (present) => {
    const { kind, trees } = setUp(present);
    expect(await kind.apply(remove, context)).toMatchObject({ outcome: 'applied', message: 'removed' });
    expect(trees.trees.size).toBe(0);
  });
});

describe('undoing', () => {
  it.each([WHOLE, { ...WHOLE, sealed: true }, PART, undefined])('removes what was made: %j', async (present) => {
    const { kind, trees } = setUp(present);
    expect(await kind.undo(make, null, context)).toMatchObject({ outcome: 'applied' });
    expect(trees.trees.size).toBe(0);
  });

  it('of a removal there is none', async () => {
    expect(await setUp().kind.undo(remove, null, context)).toMatchObject({ outcome: 'failed', code: 'irreversible' });
  });
});

describe('observing', () => {
  it('tells a tree by its digest, sealed or not, and what is not whole by nothing', async () => {
    expect(await setUp(WHOLE).kind.observe(make)).toEqual({ digest: 'd1' });
    expect(await setUp({ ...WHOLE, sealed: true }).kind.observe(make)).toEqual({ digest: 'd1' });
    expect(await setUp(PART).kind.observe(make)).toBeNull();
    expect(await setUp().kind.observe(make)).toBeNull();
  });
});

describe('after a crash', () => {
  it.each([
    ['make', make, WHOLE, 'done', WHOLE],
    ['make', make, PART, 'not-done', undefined],
    ['make', make, undefined, 'not-done', undefined],
    ['seal', seal, { ...WHOLE, sealed: true }, 'done', { ...WHOLE, sealed: true }],
    ['seal', seal, WHOLE, 'not-done', WHOLE],
    ['remove', remove, undefined, 'done', undefined],
    ['remove', remove, PART, 'not-done', PART],
    ['remove', remove, WHOLE, 'not-done', WHOLE],
  ] as const)('%s with %o: %s', async (_, step, present, answer, left) => {
    const { kind, trees } = setUp(present);
    expect(await kind.reconcile(step, null, context)).toBe(answer);
    expect(trees.trees.get(PATH)).toEqual(left);
  });
});

it('previews in the words of the plan', async () => {
  expect(await setUp().kind.preview(make)).toBe('would fetch r');
});
