import { describe, expect, it } from 'vitest';
import type { AppFact } from '../../src/planning/facts.ts';
import { prunable, removalSteps } from '../../src/planning/pruning.ts';
import { appFact, releaseOf, WEB } from '../jobs/apps.ts';

/** Stable ones of 1 to 8 days ago; the one of `current` days runs. */
function pruned({
  current = 1,
  keep = 3,
  ...more
}: { current?: number; keep?: number } & Partial<Omit<AppFact, 'current'>>) {
  const releases = [1, 2, 3, 4, 5, 6, 7, 8].map((days) => releaseOf(days));
  const app = { ...WEB, keep };
  const fact = appFact({ app, releases, back: [], ...more, current: `releases/${releaseOf(current).id}` });
  return prunable(fact).map(({ id }) => Number(releaseDays.get(id)));
}
const releaseDays = new Map([1, 2, 3, 4, 5, 6, 7, 8].map((days) => [releaseOf(days).id, days]));

describe('prune', () => {
  it('takes the oldest, until as many are left as the app keeps', () => {
    expect(pruned({})).toEqual([8, 7, 6, 5, 4]);
    expect(pruned({ keep: 7 })).toEqual([8]);
    expect(pruned({ keep: 8 })).toEqual([]);
  });

  it('never takes what runs, nor the stable one before it, however old they are', () => {
    expect(pruned({ current: 6 })).toEqual([8, 5, 4, 3, 2]);
    expect(pruned({ current: 6, keep: 2 })).toEqual([8, 5, 4, 3, 2, 1]);
  });

  it('never takes what the last undo would lead back to', () => {
    expect(pruned({ current: 6, keep: 2, back: [`releases/${releaseOf(4).id}`] })).toEqual([8, 5, 3, 2, 1]);
  });

  it('takes what never became stable, and what is not whole', () => {
    const releases = [1, 2, 3, 4].map((days) => releaseOf(days, days === 2 ? { state: 'new' } : {}));
    expect(pruned({ releases, broken: [releaseOf(3).id] })).toEqual([3, 2]);
  });

  it('keeps the newest where nothing runs', () => {
    const releases = [1, 2, 3].map((days) => releaseOf(days));
    const fact = appFact({ app: { ...WEB, keep: 2 }, releases, current: null, back: [] });
    expect(prunable(fact)).toEqual([releaseOf(3)]);
  });

  it('takes nothing where nobody knows what runs', () => {
    expect(() => prunable(appFact({ current: '/srv/example/production/releases/x' }))).toThrow(
      'current leads to /srv/example/production/releases/x, which is no release: deploy one first',
    );
  });

  it('removes directories, one a step', () => {
    const path = `/srv/example/production/releases/${releaseOf(5).id}`;
    expect(removalSteps(appFact(), [releaseOf(5)])).toMatchObject([
      { kind: 'tree', verb: 'remove', path, target: path },
    ]);
  });
});
