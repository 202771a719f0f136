import { describe, expect, it } from 'vitest';
import { registry } from '../../../jobs/index.ts';
import type { AppFact } from '../../../src/planning/facts.ts';
import { PlanProblem } from '../../../src/planning/problem.ts';
import { bindActions } from '../../../src/planning/registry.ts';
import { permissionsOf, resourcesOf, runPlan, subjectsOf } from '../../../src/planning/run-plan.ts';
import { definition } from '../../support/definitions.ts';
import { appFact, FILES, NOW, releaseOf, WEB } from '../apps.ts';

const commit = '0a'.repeat(20);
const artifact = `sha256:${'0b'.repeat(32)}`;
const production = { app: 'web', environment: 'production' } as const;
const staging = { app: 'web', environment: 'staging' } as const;

function bound(action: string, input: object, irreversible?: true) {
  const actions = bindActions(registry, [{ action, with: { ...input }, ...(irreversible && { irreversible }) }]);
  if (typeof actions === 'string') throw new Error(actions);
  return actions;
}

const planOf = (action: string, input: object, more: Partial<AppFact> = {}, irreversible?: true) =>
  runPlan(bound(action, input, irreversible), [{ app: appFact(more) }]).map(({ step }) => step);

/** Code of why there is no plan. */
function refusal(...plan: Parameters<typeof planOf>): string {
  try {
    planOf(...plan);
  } catch (error) {
    if (error instanceof PlanProblem) return error.code;
    throw error;
  }
  return 'planned';
}

describe('deploy.release', () => {
  it.each([
    ['a short hash', { ...staging, commit: '0a0a0a0a' }, /expected the whole commit: 40 hex digits/],
    ['a branch', { ...staging, commit: 'main' }, /expected the whole commit/],
    ['a short digest', { ...staging, artifact: 'sha256:0b' }, /expected sha256:<64 hex>/],
    ['both', { ...staging, commit, artifact }, /expected either commit or artifact/],
    ['neither', staging, /expected either commit or artifact/],
    ['another environment', { app: 'web', environment: 'host', commit }, /environment/],
  ])('takes no %s', (_, input, message) => {
    expect(() => bound('deploy.release', input)).toThrow(message);
  });

  it('can be vetoed by its version, needs its app, and has the app for itself', () => {
    const actions = bound('deploy.release', { ...production, commit });
    expect(subjectsOf(actions)).toEqual([`commit:${commit}`]);
    expect(subjectsOf(bound('deploy.release', { ...production, artifact }))).toEqual([`artifact:${artifact}`]);
    expect(actions.flatMap(permissionsOf)).toMatchObject([{ name: 'deploy.release', needs: ['app:web'] }]);
    expect(resourcesOf(actions)).toEqual(['app:web/production']);
    expect(resourcesOf(bound('deploy.promote', { ...production, commit }))).toEqual([
      'app:web/production',
      'app:web/staging',
    ]);
  });

  it.each(['deploy.release', 'deploy.promote'])('has nothing to do where the version is stable there: %s', (action) => {
    const releases = [releaseOf(3, { version: `commit:${commit}` })];
    expect(planOf(action, { ...production, commit }, { releases })).toEqual([]);
    const isNew = [releaseOf(3, { version: `commit:${commit}`, state: 'new', stableAt: null })];
    expect(planOf(action, { ...production, commit }, { releases: isNew })).not.toEqual([]);
  });

  it('to production must have the digest that staging proved', () => {
    const [make] = planOf('deploy.release', { ...production, commit });
    expect(make).toMatchObject({ kind: 'tree', verb: 'make', digest: 'd1', source: { type: 'git', commit } });
    expect(planOf('deploy.release', { ...staging, commit }, { receipt: null })[0]).toMatchObject({ digest: null });
  });

  const frozen = { from: '2026-11-23T00:00:00Z', to: '2026-11-24T00:00:00Z', environments: ['production' as const] };
  it.each([
    ['wrong-version', { artifact }, {}],
    ['no-receipt', { commit }, { receipt: null }],
    ['no-receipt', { commit }, { receipt: releaseOf(8, { environment: 'staging' }) }],
    ['frozen', { commit }, { freeze: [{ ...frozen, reason: 'Holidays' }] }],
    ['host-unfit', { commit }, { unfit: 'the disk is full' }],
    ['shared-missing', { commit }, { missing: ['data'] }],
    ['service-absent', { commit }, { service: { state: 'absent' as const } }],
    ['service-unknown', { commit }, { service: { state: 'unknown' as const, says: 'no' } }],
  ])('is refused: %s', (code, version, more) => {
    expect(refusal('deploy.release', { ...production, ...version }, more)).toBe(code);
    expect(refusal('deploy.promote', { ...production, ...version }, more)).toBe(code);
  });

  it('with a migration that cannot be taken back is signed as such', () => {
    const input = { ...production, artifact };
    const signed = { ...input, irreversible_migrations: true };
    expect(refusal('deploy.release', input, { app: FILES })).toBe('irreversible-migrations');
    expect(refusal('deploy.release', signed, { app: FILES }, true)).toBe('planned');
    expect(refusal('deploy.release', { ...production, commit, irreversible_migrations: true }, {}, true)).toBe(
      'irreversible-migrations',
    );
    expect(() => bound('deploy.release', signed)).toThrow(/have irreversible: true signed/);
  });
});

describe('deploy.promote', () => {
  it('takes what staging built, with the digest that it proved', () => {
    const [make, ...rest] = planOf('deploy.promote', { ...production, commit });
    const path = `/srv/example/staging/releases/${releaseOf(1).id}`;
    expect(make).toMatchObject({ verb: 'make', source: { type: 'release', path }, digest: 'd1' });
    expect(rest.some((step) => step.title.startsWith('build'))).toBe(false);
  });

  it('goes to production alone', () => {
    expect(() => bound('deploy.promote', { ...staging, commit })).toThrow(/expected "production"/);
  });

  it('is refused where staging does not keep it any more, or where there is none', () => {
    expect(refusal('deploy.promote', { ...production, commit }, { receiptPath: null })).toBe('no-target');
    const { production: place } = WEB.environments;
    const app = { ...WEB, environments: { production: place } };
    expect(refusal('deploy.promote', { ...production, commit }, { app })).toBe('no-receipt');
  });
});

describe('deploy.rollback', () => {
  const freeze = [
    {
      from: new Date(NOW - 1).toISOString(),
      to: new Date(NOW + 1).toISOString(),
      environments: ['production' as const],
      reason: 'Holidays',
    },
  ];

  it('leads current to the release before, and makes, builds and migrates nothing', () => {
    const steps = planOf('deploy.rollback', production);
    expect(steps.filter(({ kind }) => kind === 'tree' || kind === 'command')).toEqual([]);
    expect(steps.find(({ kind }) => kind === 'link')).toMatchObject({ wanted: `releases/${releaseOf(4).id}` });
    expect(steps.filter(({ kind }) => kind === 'record')).toMatchObject([{ state: 'stable' }]);
  });

  it('is stopped neither by a freeze nor by a short host', () => {
    expect(refusal('deploy.rollback', production, { freeze, unfit: 'the disk is full' })).toBe('planned');
    expect(refusal('deploy.release', { ...production, commit }, { freeze })).toBe('frozen');
  });

  it('to what is vetoed is refused', () => {
    expect(refusal('deploy.rollback', { ...production, to: releaseOf(4).id }, { vetoed: [releaseOf(4).version] })).toBe(
      'vetoed',
    );
  });
});

describe('deploy.prune', () => {
  it('is signed as irreversible, and may be put off by a schedule', () => {
    expect(() => bound('deploy.prune', production)).toThrow(/have irreversible: true signed/);
    const action = { action: 'deploy.prune', with: production, irreversible: true };
    const actions = bound('cron.define', definition({ environment: 'production', actions: [action] }));
    expect(actions[0]?.later.map(({ name }) => name)).toEqual(['deploy.prune']);
    expect(actions.flatMap(permissionsOf).map(({ name }) => name)).toEqual(['cron.define', 'deploy.prune']);
  });

  it('has nothing to do where nothing is too many', () => {
    expect(planOf('deploy.prune', production, {}, true)).toEqual([]);
  });
});
