import { App } from '../../src/planning/app.ts';
import type { AppFact, Release } from '../../src/planning/release.ts';

const check = { type: 'http', service: 'web', url: 'http://127.0.0.1:8080/up' };
const service = { supervisor: 'pm2', name: 'web' };

/** A web app with both environments. */
export const WEB = App.parse({
  source: { type: 'git', remote: 'https://example.com/web.git' },
  build: [{ argv: ['npm', 'ci', '--ignore-scripts'], network: true }],
  shared: ['data'],
  environments: {
    staging: { root: '/srv/example/staging', service, checks: [check] },
    production: { root: '/srv/example/production', service, checks: [check] },
  },
});

export const NOW = Date.parse('2026-11-23T12:00:00Z');

/** A stable release of production, made so many days ago. */
export const releaseOf = (days: number, more: Partial<Release> = {}): Release => ({
  id: `202611${23 - days}T100000Z-0a0a0a0a`,
  app: 'web',
  environment: 'production',
  version: `commit:${'0a'.repeat(20)}`,
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
  service: { state: 'running', enabled: true, definition: '', run: 'pid 7', says: 'running' },
  current: `releases/${releaseOf(3).id}`,
  releases: [3, 4, 5].map((days) => releaseOf(days)),
  receipt: releaseOf(1, { environment: 'staging' }),
  vetoed: [],
  ...more,
});
