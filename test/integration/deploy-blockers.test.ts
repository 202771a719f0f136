import { existsSync, readdirSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report, Task } from '../../src/contract/index.ts';
import { TestHome } from './test-home.ts';
import { allowDeploys, WebApp } from './web-app.ts';

const NOWHERE = '0123456789abcdef0123456789abcdef01234567';

let home: TestHome;
let web: WebApp;
/** A stable release whose folder is gone. */
let gone: string;
let before: unknown;

beforeAll(async () => {
  home = await TestHome.make({ OPS_DASHBOARD: 'off' });
  allowDeploys(home, 'web', 'shop', 'nobody');
  await home.start();
  web = await WebApp.make(home, 'web');
  for (const version of ['0.9.0', '1.0.0']) await done(releaseOf(await web.commit(version)));
  gone = web.releases('staging').toSorted()[0] ?? '';
  for (const name of [gone, `.${gone}.json`]) rmSync(web.at('staging/releases', name), { recursive: true });
  expect(await web.version('staging')).toBe('1.0.0');
  before = picture();
}, 60_000);
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
}, 60_000);

async function done(task: Task): Promise<Report> {
  await home.submit(task);
  return home.report(task.task_id, 1, 30_000);
}

const releaseOf = (commit: string) => web.task('release', 'staging', { commit });

const picture = () => [web.current('staging'), readdirSync(web.at('staging/releases')).toSorted()];

async function expectAsBefore(): Promise<void> {
  expect([picture(), await web.version('staging')]).toEqual([before, '1.0.0']);
}

/** Server code that is healthy twice, and no more: once for the check after the cut-over, once for the watch. */
const wearsOut = (server: string) =>
  `let asked = 0;\n${server.replace("'/up': () => {", "'/up': () => {\n    asked += 1;\n    if (asked > 2) throw new Error('worn out');")}`;
const neverGreen = (server: string) => server.replace('built/page.html', 'built/pages.html');

describe('a release', () => {
  it.each([
    ['is never healthy', '1.1.0', neverGreen, 'unhealthy', /web is down: status 503/],
    [
      'is healthy at first, and not through its watch window',
      '1.2.0',
      wearsOut,
      'watch-failed',
      /1 of \d+ looks failed/,
    ],
  ])(
    'F53: that %s is taken back by itself',
    async (_, version, change, code, says) => {
      const { ops_output, evidence } = await done(releaseOf(await web.commit(version, change)));
      await web.forget();
      expect(evidence).toMatchObject({ outcome: 'failed', reason: code });
      const message = expect.stringMatching(says);
      expect(ops_output.blockers).toEqual([{ code, owner: 'manager', message }]);
      expect(ops_output.notes).toContain('the host is as it was before');
      expect(ops_output.actions_taken[0]).toMatchObject({
        result: 'failed',
        rollback_command: 'none: already taken back',
      });
      const standing = ['command/web-staging', web.at('staging/current'), 'web'].map((name) => `${name} healthy`);
      const looked = ops_output.health_checks.map(({ service, status }) => `${service} ${status}`);
      expect(looked.toSorted()).toEqual(standing.toSorted());
      await expectAsBefore();
    },
    60_000,
  );
});

it('the first release of all is taken back to nothing: its service is defined, and stopped', async () => {
  await using shop = await WebApp.make(home, 'shop');
  const { ops_output } = await done(
    shop.task('release', 'staging', { commit: await shop.commit('1.0.0', neverGreen) }),
  );
  expect([shop.current('staging'), existsSync(shop.at('staging/releases')) && shop.releases('staging')]).toEqual([
    null,
    false,
  ]);
  const looked = ops_output.health_checks.map(({ service, status }) => `${service} ${status}`);
  expect(looked).toEqual(expect.arrayContaining(['shop down', 'command/shop-staging healthy']));
  await expect(shop.version('staging')).rejects.toThrow('fetch failed');
}, 60_000);

/** Why a deploy cannot be, and who can do something about it. */
const CASES: readonly [what: string, task: () => Task, code: string, owner: string, says: RegExp][] = [
  [
    'is of an app that nobody declared',
    () => web.task('release', 'staging', { commit: NOWHERE, app: 'nobody' }),
    'unknown-app',
    'operator',
    /declares no staging of nobody/,
  ],
  ['names a part of a commit', () => releaseOf('0123456'), 'malformed', 'manager', /40 hex digits/],
  [
    'names an artifact of an app of git',
    () => web.task('release', 'staging', { artifact: `sha256:${'0'.repeat(64)}` }),
    'wrong-version',
    'manager',
    /name a commit/,
  ],
  [
    'names a commit that its remote does not have',
    () => releaseOf(NOWHERE),
    'unknown-commit',
    'manager',
    /no commit 0123456789abcdef/,
  ],
  [
    'has a remote that is not there',
    () => declared({ source: { type: 'git', remote: 'file:///nowhere/web' } }),
    'fetch-failed',
    'operator',
    /file:\/\/\/nowhere\/web cannot be fetched from/,
  ],
  [
    'does not build',
    () => declared({ build: [{ argv: ['/bin/sh', '-c', 'echo one; echo no such module >&2; exit 3'] }] }),
    'needs-code-change',
    'manager',
    /exit code 3[^]*no such module/,
  ],
  [
    'leads back to a release that is gone',
    () => web.task('rollback', 'staging', { to: gone }),
    'no-target',
    'manager',
    /is not kept: see "ops releases"/,
  ],
  [
    'has no room on the disk',
    () => declared({}, { free_disk_mb: 1_000_000_000 }),
    'host-unfit',
    'operator',
    /1000000000 must be: prune, or make room/,
  ],
];

let head: string;
/** Of what is there, declared otherwise. */
function declared(more: Record<string, unknown>, host: Record<string, unknown> = {}): Task {
  web.declare(more, host);
  return releaseOf(head);
}

it('F54: a release that cannot run here is found by its preflight, before anything leads to it', async () => {
  const preflight = { argv: [process.execPath, '--check', 'server.mjs'] };
  const commit = await web.commit('1.3.0', () => 'import {');
  web.declare({ environments: { staging: { ...web.place('staging'), preflight } } });
  const { ops_output } = await done(releaseOf(commit));
  web.declare();
  await web.forget();
  const message = expect.stringMatching(/preflight.*exit code 1[^]*SyntaxError/);
  expect(ops_output.blockers).toEqual([{ code: 'needs-code-change', owner: 'manager', message }]);
  await expectAsBefore();
}, 60_000);

describe('a deploy', () => {
  beforeAll(async () => {
    head = await web.commit('2.0.0');
  });

  it.each(CASES)(
    'that %s: each has its code and its owner, and changes nothing',
    async (_, task, code, owner, says) => {
      const { ops_output } = await done(task());
      web.declare();
      expect(ops_output.blockers).toEqual([{ code, owner, message: expect.stringMatching(says) }]);
      await expectAsBefore();
    },
    60_000,
  );
});
