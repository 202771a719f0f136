import { describe, expect, it } from 'vitest';
import { cutOverSteps, makingSteps, migrationSteps } from '../../src/planning/deploy.ts';
import type { AppFact } from '../../src/planning/facts.ts';
import type { Step } from '../../src/planning/step.ts';
import { appFact, FILES, releaseOf, WEB } from '../jobs/apps.ts';

const RELEASE = {
  id: '20261123T120000Z-0a0a0a0a',
  app: 'web',
  environment: 'production',
  version: `commit:${'0a'.repeat(20)}`,
} as const;
const PATH = `/srv/example/production/releases/${RELEASE.id}`;
const source = { type: 'git', remote: 'https://example.com/web.git', commit: '0a'.repeat(20) } as const;

/** A plan in words: what each step is, and on which way it does its work where that is one only. */
const inWords = (steps: readonly Step[]): string[] =>
  steps.map((step) => {
    const verb = 'verb' in step ? ` ${step.verb}` : '';
    const state = step.kind === 'record' && step.record === 'release' ? ` ${step.state}` : '';
    return `${step.kind}${verb}${state}${step.only ? `, ${step.only}` : ''}`;
  });

const made = (fact: AppFact) => makingSteps({ release: RELEASE, source, fact, digest: 'd1' });
const cutOver = (more: Partial<AppFact> = {}) => {
  const fact = appFact(more);
  return cutOverSteps(RELEASE, fact, migrationSteps(fact, RELEASE));
};

const watchOf = (watch: AppFact['place']['watch']) =>
  cutOver({ place: { ...appFact().place, watch } }).find(({ kind }) => kind === 'watch');

describe('making a release', () => {
  it('fetches, builds, shares and seals; what is put into it goes with it', () => {
    expect(inWords(made(appFact()))).toEqual([
      'tree make',
      'command, forward',
      'link, forward',
      'tree seal, forward',
      'record new',
    ]);
  });

  it('builds in the release, in the sandbox, and may write nowhere else', () => {
    const build = made(appFact()).find(({ kind }) => kind === 'command');
    expect(build).toMatchObject({
      title: 'build: npm ci --ignore-scripts',
      ofCode: true,
      command: { argv: ['npm', 'ci', '--ignore-scripts'], cwd: PATH, writes: [PATH], network: true, outlives: false },
    });
  });

  it('tries it before the cut-over, where it may write nothing', () => {
    const preflight = made(appFact({ app: FILES, place: FILES.environments.production as AppFact['place'] })).at(-1);
    expect(preflight).toMatchObject({
      kind: 'command',
      only: 'forward',
      ofCode: true,
      command: { cwd: PATH, writes: [], network: false, timeoutMs: 10_000 },
    });
  });

  it('asks for the digest that was proved, and says where the app has no staging', () => {
    const { production } = WEB.environments;
    expect(made(appFact())[0]).toMatchObject({ title: `fetch ${RELEASE.version}`, digest: 'd1' });
    const alone = made(appFact({ app: { ...WEB, environments: { production } } }))[0];
    expect(alone?.title).toBe(`fetch ${RELEASE.version} (the app has no staging)`);
  });

  it('shares the files of the newest stable release, but not with what a build may change', () => {
    expect(made(appFact())[0]).toMatchObject({ like: null });
    const app = { ...WEB, build: undefined };
    const like = `/srv/example/production/releases/${releaseOf(3).id}`;
    expect(made(appFact({ app }))[0]).toMatchObject({ like });
    expect(made(appFact({ app, broken: [releaseOf(3).id] }))[0]).toMatchObject({
      like: `/srv/example/production/releases/${releaseOf(4).id}`,
    });
  });

  it('of staging builds nothing, and leads what is shared to where it is in production', () => {
    const path = '/srv/example/staging/releases/r';
    const steps = makingSteps({ release: RELEASE, source: { type: 'release', path }, fact: appFact(), digest: 'd1' });
    expect(inWords(steps)).toEqual(['tree make', 'link, forward', 'tree seal, forward', 'record new']);
    expect(steps[1]).toMatchObject({
      path: `${PATH}/data`,
      wanted: '/srv/example/production/shared/data',
      before: { target: null },
    });
  });

  it('is refused where a shared path is not there', () => {
    expect(() => made(appFact({ missing: ['data', '.env'] }))).toThrow(
      'make data, .env below /srv/example/production/shared first',
    );
  });
});

describe('the cut-over', () => {
  it('has what stands in front of the link done once that leads back', () => {
    expect(inWords(cutOver())).toEqual([
      'probe, back',
      'service restart, back',
      'link',
      'service restart, forward',
      'probe',
      'watch',
      'record stable',
    ]);
  });

  it('leads on from where current leads', () => {
    const link = cutOver().find(({ kind }) => kind === 'link');
    expect(link).toMatchObject({
      path: '/srv/example/production/current',
      wanted: `releases/${RELEASE.id}`,
      before: { target: `releases/${releaseOf(3).id}` },
    });
  });

  it('restarts the service however it stands by then, for a broken release may have it begin anew all the time', () => {
    const services = cutOver().filter(({ kind }) => kind === 'service');
    expect(services.map((step) => 'before' in step && step.before)).toEqual([null, null]);
    expect(services).toMatchObject([{ after: { state: 'running' } }, { after: { state: 'running' } }]);
  });

  it('the first time has nothing to look at on the way back', () => {
    expect(inWords(cutOver({ current: null }))[0]).toBe('service restart, back');
  });

  it('has a service that did not run stand as before on the way back, and looks at nothing there', () => {
    const stopped = { state: 'stopped', enabled: false, definition: 'd', run: '', says: '' } as const;
    const [back, ...rest] = cutOver({ service: stopped });
    expect(back).toMatchObject({ verb: 'stop', only: 'back', after: { state: 'stopped', enabled: false } });
    expect(inWords(rest)[1]).toBe('service restart, forward');
  });

  it('of an app without a service restarts nothing', () => {
    const { service: _, ...place } = appFact().place;
    expect(inWords(cutOver({ place, service: null }))).toEqual([
      'probe, back',
      'link',
      'probe',
      'watch',
      'record stable',
    ]);
  });

  it.each([
    [
      { state: 'absent' },
      'there is no pm2/web: install it first (config.service.install, with stopped: true where its program comes with this deploy)',
    ],
    [{ state: 'unknown', says: 'pm2 does not answer' }, 'pm2/web: pm2 does not answer'],
  ] as const)('is refused where its service is %o', (service, message) => {
    expect(() => cutOver({ service })).toThrow(message);
  });

  it('takes migrations back before the service runs what was there, but never waits with that for one that cannot be', () => {
    expect(inWords(cutOver({ app: FILES }).slice(0, 5))).toEqual([
      'command',
      'probe, back',
      'service restart, back',
      'command',
      'link',
    ]);
    expect(cutOver({ app: FILES }).filter(({ kind }) => kind === 'command')).toMatchObject([
      { title: 'migrate: node migrate.js 1', undo: null },
      { title: 'migrate: node migrate.js 2', undo: { argv: ['node', 'migrate.js', '1'] } },
    ]);
  });

  it('lets migrations write into what is shared, and into nothing else', () => {
    const [migration] = migrationSteps(appFact({ app: FILES }), RELEASE);
    expect(migration?.command).toMatchObject({ cwd: PATH, writes: ['/srv/example/production/shared'] });
  });

  it('watches for as long as the app says; for two minutes where it does not, or not at all', () => {
    expect(watchOf(undefined)).toMatchObject({ forMs: 120_000, everyMs: 1_000, failures: 0, latencyMs: null });
    const said = { for_ms: 5_000, every_ms: 500, failures: 0.1, latency_ms: 200 };
    expect(watchOf(said)).toMatchObject({ forMs: 5_000, everyMs: 500, failures: 0.1, latencyMs: 200 });
    expect(watchOf({ for_ms: 0 })).toBeUndefined();
  });
});
