import { describe, expect, it } from 'vitest';
import {
  refuseUnready,
  refuseUnsigned,
  releaseId,
  rollbackTarget,
  stagedRelease,
  stagedTree,
  treeSource,
} from '../../src/planning/deploy-terms.ts';
import { PlanProblem } from '../../src/planning/problem.ts';
import { appFact, FILES, NOW, releaseOf, WEB } from '../jobs/apps.ts';

const HOUR = 3_600_000;

/** Code and message of why there is no plan; null where there is one. */
function problemOf(work: () => unknown): [code: string, message: string] | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof PlanProblem) return [error.code, error.message];
    throw error;
  }
}

const at = (id: string) => `releases/${id}`;
const target = (more: Parameters<typeof appFact>[0], to?: string) => rollbackTarget(appFact(more), to).id;
const problem = (more: Parameters<typeof appFact>[0], to?: string) =>
  problemOf(() => rollbackTarget(appFact(more), to));

/** Stable in staging so long ago. */
const aged = (ms: number) => releaseOf(1, { environment: 'staging', tree: 'd7', stableAt: NOW - ms });

describe('the id of a release', () => {
  it('has the time and the first digits of what it is made of', () => {
    const [commit, sha256] = ['ab12cd34'.padEnd(40, '0'), 'ef567890'.padEnd(64, '0')];
    expect(releaseId(NOW, `commit:${commit}`)).toBe('20261123T120000Z-ab12cd34');
    expect(releaseId(NOW + 1_999, `artifact:sha256:${sha256}`)).toBe('20261123T120001Z-ef567890');
  });
});

describe('the source', () => {
  const commit = 'a'.repeat(40);
  const sha256 = 'b'.repeat(64);

  it('is what the app declares, with the version of the task', () => {
    expect(treeSource(WEB, `commit:${commit}`)).toEqual({ ...WEB.source, commit });
    expect(treeSource(FILES, `artifact:sha256:${sha256}`)).toEqual({ ...FILES.source, sha256 });
  });

  it.each([
    ['git', WEB, `artifact:sha256:${sha256}`, 'the app is made of git: name a commit'],
    ['an archive', FILES, `commit:${commit}`, 'the app is made of archive: name an artifact'],
  ])('of %s has no other kind of version', (_, app, version, message) => {
    expect(problemOf(() => treeSource(app, version))).toEqual(['wrong-version', message]);
  });
});

describe('a freeze', () => {
  const [from, to] = ['2026-11-23T12:00:00Z', '2026-11-23T13:00:00Z'];
  const freeze = [{ from, to, environments: ['production' as const], reason: 'Black Friday' }];
  const frozenAt = (now: string) =>
    problemOf(() => refuseUnready('production', appFact({ now: Date.parse(now), freeze })));
  const says = `production is frozen until ${to}: Black Friday. Send it again then`;

  it('begins with its first moment, and is over with its last', () => {
    expect(frozenAt('2026-11-23T11:59:59.999Z')).toBeNull();
    expect(frozenAt('2026-11-23T12:00:00.000Z')).toEqual(['frozen', says]);
    expect(frozenAt('2026-11-23T12:59:59.999Z')).toEqual(['frozen', says]);
    expect(frozenAt('2026-11-23T13:00:00.000Z')).toBeNull();
  });

  it('holds where it is declared', () => {
    expect(problemOf(() => refuseUnready('staging', appFact({ now: Date.parse(from), freeze })))).toBeNull();
  });
});

it('a host that is too short of something gets nothing new', () => {
  const unfit = '12 MB are free at /srv/web, and 1024 must be: prune, or make room';
  expect(problemOf(() => refuseUnready('staging', appFact({ unfit })))).toEqual(['host-unfit', unfit]);
});

describe('a receipt', () => {
  it('gives the digest that staging proved', () => {
    expect(stagedTree('production', appFact({ receipt: aged(HOUR) }))).toBe('d7');
  });

  it('is good for a week, to the last moment', () => {
    expect(stagedTree('production', appFact({ receipt: aged(168 * HOUR) }))).toBe('d7');
    expect(problemOf(() => stagedTree('production', appFact({ receipt: aged(168 * HOUR + 1) })))).toEqual([
      'no-receipt',
      'staging comes first, and this version was stable there more than 168 hours ago: deploy it to staging',
    ]);
  });

  it('is good for as long as the app says', () => {
    const app = { ...FILES, receipt_hours: 48 };
    expect(stagedTree('production', appFact({ app, receipt: aged(48 * HOUR) }))).toBe('d7');
    expect(problemOf(() => stagedTree('production', appFact({ app, receipt: aged(48 * HOUR + 1) })))?.[0]).toBe(
      'no-receipt',
    );
  });

  it('must be there', () => {
    expect(problemOf(() => stagedTree('production', appFact({ receipt: null })))).toEqual([
      'no-receipt',
      'staging comes first, and this version was never stable there: deploy it to staging',
    ]);
  });

  it('is asked for neither in staging nor of an app without staging', () => {
    const { production } = WEB.environments;
    const without = { ...WEB, environments: { production } };
    expect(stagedTree('staging', appFact({ receipt: null }))).toBeNull();
    expect(stagedTree('production', appFact({ receipt: null, app: without }))).toBeNull();
    expect(problemOf(() => stagedRelease(appFact({ app: without })))).toEqual([
      'no-receipt',
      'the app has no staging to take a release from: use deploy.release',
    ]);
  });

  it('whose release is not kept any more is none for a promotion', () => {
    const path = `/srv/example/staging/releases/${releaseOf(1).id}`;
    expect(stagedRelease(appFact())).toEqual({ path, tree: 'd1' });
    expect(problemOf(() => stagedRelease(appFact({ receiptPath: null })))).toEqual([
      'no-target',
      `staging does not keep ${releaseOf(1).id} any more: deploy it there again, or use deploy.release`,
    ]);
  });
});

describe('a rollback', () => {
  const [three, four, five] = [releaseOf(3), releaseOf(4), releaseOf(5)];
  const NONE = ['no-target', 'no stable release before this one is kept, or all are vetoed: see "ops releases"'];

  it('goes to the stable release before', () => {
    expect(target({})).toBe(four.id);
    expect(target({ releases: [three, { ...four, state: 'new' }, five] })).toBe(five.id);
  });

  it('after a rollback goes further back, never to what it came from', () => {
    expect(target({ current: at(four.id) })).toBe(five.id);
    expect(problem({ current: at(five.id) })).toEqual(NONE);
  });

  it('goes to the newest stable one where nobody knows what runs', () => {
    expect(target({ current: null })).toBe(three.id);
    expect(target({ current: '/srv/elsewhere' })).toBe(three.id);
  });

  it('leaves out what is vetoed, or not whole', () => {
    const other = { ...four, version: 'commit:vetoed' };
    expect(target({ releases: [three, other, five], vetoed: ['commit:vetoed'] })).toBe(five.id);
    expect(target({ broken: [four.id] })).toBe(five.id);
    expect(problem({ vetoed: [three.version] })).toEqual(NONE);
  });

  it('goes to the one that is named, also forward, and also to one that was never stable', () => {
    expect(target({}, five.id)).toBe(five.id);
    expect(target({ current: at(five.id) }, three.id)).toBe(three.id);
    expect(target({ releases: [three, { ...four, state: 'new' }] }, four.id)).toBe(four.id);
  });

  it.each([
    ['is not kept', {}, '20260101T000000Z-00000000', 'no-target', / is not kept: see "ops releases"$/],
    ['is not whole', { broken: [four.id] }, four.id, 'no-target', / is not kept: see "ops releases"$/],
    ['runs', {}, three.id, 'no-target', / is what it runs$/],
    ['is vetoed', { vetoed: [four.version] }, four.id, 'vetoed', / is vetoed for ever: name another release$/],
  ])('to one that %s is refused', (_, more, to, code, message) => {
    expect(problem(more, to)).toEqual([code, expect.stringMatching(message)]);
  });
});

it('what cannot be taken back is signed as such, and nothing else is', () => {
  expect(problemOf(() => refuseUnsigned(FILES, true))).toBeNull();
  expect(problemOf(() => refuseUnsigned(WEB, false))).toBeNull();
  for (const [app, isSigned] of [
    [FILES, false],
    [WEB, true],
  ] as const)
    expect(problemOf(() => refuseUnsigned(app, isSigned))).toEqual([
      'irreversible-migrations',
      expect.stringMatching(/irreversible_migrations/),
    ]);
});
