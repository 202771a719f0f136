import { describe, expect, it } from 'vitest';
import type { ReleaseStep } from '../../../src/planning/step.ts';
import { releaseRecord } from '../../../src/steps/record/release.ts';
import { START, TestClock, testLedger } from '../../services/support.ts';
import { MemoryTrees } from '../../support/trees.ts';

const PATH = '/srv/web/releases/r';
const release = { id: 'r', app: 'web', environment: 'staging', version: `commit:${'a'.repeat(40)}` } as const;
const isNew: ReleaseStep = {
  kind: 'record',
  record: 'release',
  target: 'release:r',
  title: 'r is new',
  release,
  path: PATH,
  state: 'new',
};
const isStable: ReleaseStep = { ...isNew, title: 'r is stable', state: 'stable' };
const contextOf = (task_id: string) => ({
  task_id,
  work: task_id,
  n: 1,
  signal: new AbortController().signal,
  output: async () => undefined,
});
const context = contextOf('deploy-1');

function setUp() {
  const clock = new TestClock();
  const releases = testLedger(clock);
  const trees = new MemoryTrees();
  trees.trees.set(PATH, { digest: 'd1', sealed: true });
  const kind = releaseRecord({ releases, trees, clock });
  const row = () => releases.releaseAt(release);
  /** Captures and applies, as the step runner does. */
  const apply = async (step: ReleaseStep, by = context) => {
    const captured = await kind.capture(step);
    return { captured, effect: await kind.apply(step, by) };
  };
  return { clock, releases, trees, kind, row, apply };
}

const row = { ...release, tree: 'd1', task_id: 'deploy-1', madeAt: START };

describe('the record of a release', () => {
  it('is new, then stable, and keeps who made it and when', async () => {
    const { clock, apply, row: now } = setUp();
    await apply(isNew);
    expect(now()).toEqual({ ...row, state: 'new', stableAt: null });
    clock.pass(5_000);
    const { effect } = await apply(isStable, contextOf('rollback-1'));
    expect(effect).toMatchObject({ outcome: 'applied', message: 'r is stable' });
    expect(now()).toEqual({ ...row, state: 'stable', stableAt: START + 5_000 });
  });

  it.each(['gone', 'not whole'])('is not written of a tree that is %s', async (how) => {
    const { trees, apply, row: now } = setUp();
    if (how === 'gone') trees.trees.clear();
    else trees.trees.set(PATH, { digest: '', sealed: false });
    expect((await apply(isStable)).effect).toMatchObject({ outcome: 'refused', code: 'changed-since-plan' });
    expect(now()).toBeUndefined();
  });

  it('is taken back to what it was', async () => {
    const { kind, apply, row: now } = setUp();
    const first = await apply(isNew);
    const second = await apply(isStable);
    await kind.undo(isStable, second.captured, context);
    expect(now()).toEqual({ ...row, state: 'new', stableAt: null });
    await kind.undo(isNew, first.captured, context);
    expect(now()).toBeUndefined();
  });

  it('looks the same to both steps that write it, so that one does not keep the other from being taken back', async () => {
    const { kind, apply } = setUp();
    const { effect } = await apply(isNew);
    const stable = await apply(isStable);
    expect(await kind.observe(isNew)).toEqual(effect.left);
    expect(await kind.observe(isStable)).toEqual(stable.effect.left);
  });

  it('tells after a crash what was done', async () => {
    const { kind, apply } = setUp();
    const before = await kind.capture(isNew);
    expect(await kind.reconcile(isNew, before, context)).toBe('not-done');
    await apply(isNew);
    expect(await kind.reconcile(isNew, before, context)).toBe('done');
    const between = await kind.capture(isStable);
    expect(await kind.reconcile(isStable, between, context)).toBe('not-done');
    await apply(isStable);
    expect(await kind.reconcile(isStable, between, context)).toBe('done');
    expect(await kind.reconcile(isNew, before, context)).toBe('unknown');
  });
});
