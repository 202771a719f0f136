import { App } from '../../src/planning/app.ts';
import type { AppFact } from '../../src/planning/facts.ts';
import { Place } from '../../src/planning/place.ts';
import type { Release } from '../../src/planning/release.ts';

const check = { type: 'http', service: 'web', url: 'http://127.0.0.1:8080/up' };

/** A web app with both environments. */
export const WEB = App.parse({
  source: { type: 'git', remote: 'https://example.com/web.git' },
  build: [{ argv: ['npm', 'ci', '--ignore-scripts'], network: true }],
  shared: ['data'],
  environments: {
    staging: { root: '/srv/example/staging', service: { supervisor: 'pm2', name: 'web-staging' }, checks: [check] },
    production: { root: '/srv/example/production', service: { supervisor: 'pm2', name: 'web' }, checks: [check] },
  },
});

/** An app made of an archive, with all that can be declared. */
export const FILES = App.parse({
  source: { type: 'archive', folder: '/srv/archives' },
  shared: ['data', 'etc/app.env'],
  migrations: [
    { argv: ['node', 'migrate.js', '1'], irreversible: true },
    { argv: ['node', 'migrate.js', '2'], undo: ['node', 'migrate.js', '1'], env: { A: '$HOME' }, network: true },
  ],
  keep: 2,
  receipt_hours: 48,
  environments: {
    staging: { root: '/srv/example/staging', service: { supervisor: 'pm2', name: 'web-staging' }, checks: [check] },
    production: {
      root: '/srv/example/production',
      service: { supervisor: 'pm2', name: 'web' },
      checks: [check, { type: 'command', service: 'disk', argv: ['/bin/df', '-h'] }],
      preflight: { argv: ['node', 'check.js', '--port', '0'], timeout_ms: 10_000 },
      watch: { for_ms: 5_000, every_ms: 500, failures: 0.1, latency_ms: 200 },
    },
  },
});

/** A place of two instances, behind a front. */
export const handedOver = (): Place => {
  const instance = (name: 'a' | 'b', address: string) => ({
    service: { supervisor: 'pm2', name: `web-${name}` },
    address,
    checks: [{ ...check, service: `web-${name}` }],
  });
  return Place.parse({
    root: '/srv/example/production',
    checks: [check],
    hand_over: {
      instances: { a: instance('a', '127.0.0.1:8101'), b: instance('b', 'unix:/run/web-b.sock') },
      front: {
        file: '/etc/front/web.conf',
        text: 'server {{address}};\n# {{address}}\n',
        reload: { argv: ['front', 'reload'], writes: ['/var/log/front'] },
      },
    },
  });
};

export const NOW = Date.parse('2026-11-23T12:00:00Z');

/** A stable release of production, made so many days ago. */
export const releaseOf = (days: number, more: Partial<Release> = {}): Release => ({
  id: `202611${String(23 - days).padStart(2, '0')}T100000Z-0b0b0b0b`,
  app: 'web',
  environment: 'production',
  version: `commit:${'0b'.repeat(20)}`,
  tree: 'd1',
  state: 'stable',
  task_id: `deploy-${days}`,
  madeAt: NOW - days * 86_400_000,
  stableAt: NOW - days * 86_400_000,
  ...more,
});

/** What a deploy of it to production finds; staging was stable yesterday. */
export const appFact = (more: Partial<AppFact> = {}): AppFact => ({
  now: NOW,
  app: WEB,
  place: WEB.environments.production ?? { root: '', checks: [] },
  freeze: [],
  unfit: null,
  missing: [],
  service: { state: 'running', enabled: true, definition: '', run: 'pid 7', says: 'running' },
  handOver: null,
  current: `releases/${releaseOf(3).id}`,
  back: [`releases/${releaseOf(4).id}`],
  releases: [3, 4, 5].map((days) => releaseOf(days)),
  broken: [],
  receipt: releaseOf(1, { environment: 'staging', version: `commit:${'0a'.repeat(20)}` }),
  receiptPath: `/srv/example/staging/releases/${releaseOf(1).id}`,
  vetoed: [],
  ...more,
});
