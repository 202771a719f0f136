import { describe, expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import type { AppsFile } from '../../src/planning/app.ts';
import type { FileFact } from '../../src/planning/facts.ts';
import type { Release } from '../../src/planning/release.ts';
import { type AppQuery, appFact } from '../../src/services/app-facts.ts';
import { handedOver, releaseOf, WEB } from '../jobs/apps.ts';
import { statement } from '../support/statement.ts';
import { TestSupervisor } from '../support/supervisor.ts';
import { MemoryTrees } from '../support/trees.ts';
import { actionsTask, claimed, TestClock, testLedger } from './support.ts';

const ROOT = '/srv/example/production';
const VERSION = releaseOf(1).version;
const QUERY: AppQuery = { ask: 'app', app: 'web', environment: 'production', version: VERSION };
const FINE = { freeDiskMb: 9_999, freeMemoryMb: 9_999, loadPerCore: 0.1 };

const staged = (days: number, more: Partial<Release> = {}) => releaseOf(days, { environment: 'staging', ...more });

function setUp() {
  const clock = new TestClock();
  const ledger = testLedger(clock);
  const trees = new MemoryTrees();
  const supervisor = new TestSupervisor();
  supervisor.put('pm2/web', {});
  const host = {
    current: `releases/${releaseOf(3).id}`,
    leads: true,
    health: FINE,
    looked: [] as string[],
    file: { exists: false } as FileFact,
  };
  let file: AppsFile | Error = { apps: { web: WEB } };
  const parts = {
    apps: () => {
      if (file instanceof Error) throw file;
      return file;
    },
    ledger,
    trees,
    clock,
    files: { fact: async () => host.file },
    links: {
      fact: async (path: string) => ({ target: path === `${ROOT}/current` ? host.current : `of ${path}` }),
      leads: async () => host.leads,
    },
    supervisors: supervisor.all,
    health: { look: async (folder: string) => (host.looked.push(folder), host.health) },
  };
  const put = (release: Release, digest = 'd1') => {
    ledger.write(() => ledger.putRelease(release));
    trees.trees.set(`/srv/example/${release.environment}/releases/${release.id}`, { digest, sealed: true });
  };
  const fact = (more: Partial<AppQuery> = {}) => appFact({ ...QUERY, ...more }, parts);
  const declare = (now: AppsFile | Error) => {
    file = now;
  };
  return { clock, ledger, trees, supervisor, host, put, fact, declare };
}

describe('the facts of an app', () => {
  it('are what is declared, and what is there', async () => {
    const { put, fact, clock } = setUp();
    put(releaseOf(5));
    put(releaseOf(3));
    expect(await fact()).toEqual({
      now: clock.now(),
      app: WEB,
      place: WEB.environments.production,
      freeze: [],
      unfit: null,
      missing: [],
      service: { state: 'running', enabled: true, definition: '', run: 'run 1', says: 'running' },
      current: `releases/${releaseOf(3).id}`,
      handOver: null,
      back: [],
      releases: [releaseOf(3), releaseOf(5)],
      broken: [],
      vetoed: [],
      receipt: null,
      receiptPath: null,
    });
  });

  it.each([{ app: 'shop' }, { app: 'constructor' }])('are none of %o', async (more) => {
    await expect(setUp().fact(more)).rejects.toMatchObject({
      code: 'unknown-app',
      message: `etc/apps.yaml declares no production of ${more.app}`,
    });
  });

  it('are none of an environment that is not declared', async () => {
    const { fact, declare } = setUp();
    const { production } = WEB.environments;
    declare({ apps: { web: { ...WEB, environments: { production } } } });
    await expect(fact({ environment: 'staging' })).rejects.toMatchObject({ code: 'unknown-app' });
  });

  it('are none where the file cannot be used, and say what to mend', async () => {
    const { fact, declare } = setUp();
    declare(new OpsError('etc/apps.yaml cannot be used:\nno'));
    await expect(fact()).rejects.toMatchObject({ code: 'bad-apps', message: 'etc/apps.yaml cannot be used:\nno' });
  });

  it('know only releases whose directories are there, and which are not whole', async () => {
    const { put, fact, trees } = setUp();
    put(releaseOf(3));
    put(releaseOf(4), '');
    put(releaseOf(5));
    trees.trees.delete(`${ROOT}/releases/${releaseOf(5).id}`);
    expect(await fact()).toMatchObject({ releases: [releaseOf(3), releaseOf(4)], broken: [releaseOf(4).id] });
  });

  it('know which versions are vetoed', async () => {
    const { put, fact, ledger } = setUp();
    put(releaseOf(3));
    put(releaseOf(4, { version: `commit:${'b'.repeat(40)}` }));
    ledger.write(() => ledger.addStatement(statement('veto', VERSION), 't'));
    expect((await fact()).vetoed).toEqual([VERSION]);
  });

  it('know the newest stable release of the version in staging, and whether it is kept', async () => {
    const { put, fact, trees } = setUp();
    put(staged(1, { state: 'new' }));
    put(staged(2, { version: 'commit:other' }));
    put(staged(3));
    put(staged(4));
    const receiptPath = `/srv/example/staging/releases/${releaseOf(3).id}`;
    expect(await fact()).toMatchObject({ receipt: staged(3), receiptPath });
    trees.trees.delete(receiptPath);
    expect(await fact()).toMatchObject({ receipt: staged(3), receiptPath: null });
  });

  it('know where the undo of the last swap of current would lead', async () => {
    const { fact, ledger } = setUp();
    const target = `${ROOT}/current`;
    for (const id of ['one', 'two']) {
      const step = { kind: 'link', target, title: 't', path: target, wanted: 'x', before: { target: null } } as const;
      await claimed(ledger, actionsTask({ task_id: id }));
      ledger.write(() => {
        ledger.addSteps(id, [{ n: 1, action: 1, step }]);
        ledger.changeStep(id, 1, { state: 'applied', captured: { target: `releases/before-${id}`, leads: true } });
      });
    }
    expect((await fact()).back).toEqual(['releases/before-two']);
    ledger.write(() => ledger.changeStep('two', 1, { state: 'undone' }));
    expect((await fact()).back).toEqual(['releases/before-one']);
  });

  it('of a hand-over know both instances and the front, and where the undo of its last one would lead them', async () => {
    const { fact, declare, supervisor, host, ledger } = setUp();
    declare({ apps: { web: { ...WEB, environments: { production: handedOver() } } } });
    supervisor.put('pm2/web-a', {});
    host.file = { exists: true, sha256: 'f', mode: '0644', uid: 0, gid: 0 };
    const links = ['current-b', 'current', 'elsewhere'].map((name, index) => {
      const target = `${ROOT}/${name}`;
      const step = { kind: 'link', target, title: 't', path: target, wanted: 'x', before: { target: null } } as const;
      return { n: index + 1, action: 1, step };
    });
    await claimed(ledger, actionsTask({ task_id: 'one' }));
    ledger.write(() => {
      ledger.addSteps('one', links);
      for (const { n } of links)
        ledger.changeStep('one', n, { state: 'applied', captured: { target: `releases/${n}` } });
    });
    expect(await fact()).toMatchObject({
      service: null,
      handOver: {
        instances: {
          a: { stands: { state: 'running' }, leadsTo: `of ${ROOT}/current-a` },
          b: { stands: { state: 'absent' }, leadsTo: `of ${ROOT}/current-b` },
        },
        file: host.file,
      },
      back: ['releases/1', 'releases/2'],
    });
  });

  it('name the shared paths that are not there', async () => {
    const { fact, host } = setUp();
    host.leads = false;
    expect((await fact()).missing).toEqual(['data']);
  });

  it('say so where nobody knows how the service stands', async () => {
    const { fact, supervisor } = setUp();
    supervisor.garbage = 'pm2 does not answer';
    expect((await fact()).service).toEqual({ state: 'unknown', says: 'pm2 does not answer' });
  });
});

describe('a host', () => {
  it.each([
    [{ freeDiskMb: 1_023 }, `1023 MB are free at ${ROOT}, and 1024 must be: prune, or make room`],
    [{ freeMemoryMb: 255 }, '255 MB of memory are free, and 256 must be: end something, or send it again later'],
    [{ loadPerCore: 8.1 }, 'the load is 8.1 a core, and may be 8: send it again later'],
    [{ freeDiskMb: 1_024, freeMemoryMb: 256, loadPerCore: 8 }, null],
  ])('with %o: %s', async (health, unfit) => {
    const { fact, host } = setUp();
    host.health = { ...FINE, ...health };
    expect((await fact()).unfit).toBe(unfit);
  });

  it('is judged by the limits that are declared', async () => {
    const { fact, declare } = setUp();
    declare({ apps: { web: WEB }, host: { free_disk_mb: 10_000 } });
    expect((await fact()).unfit).toMatch(/^9999 MB are free .* 10000 must be/);
  });

  it('is not asked where nothing new comes: a rollback is always possible', async () => {
    const { fact, host } = setUp();
    host.health = { freeDiskMb: 0, freeMemoryMb: 0, loadPerCore: 99 };
    expect((await fact({ version: null })).unfit).toBeNull();
    expect(host.looked).toEqual([]);
  });
});
