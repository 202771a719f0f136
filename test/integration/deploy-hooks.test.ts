import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../src/contract/index.ts';
import type { ActionRequest } from '../../src/contract/task.ts';
import { TestHome } from './test-home.ts';
import { allowDeploys, WebApp } from './web-app.ts';

const COMMANDS = `  - { actions: [infra.command], environments: [staging], hosts: [mini-1], paths: [/], binaries: [/], network: true }
`;

let home: TestHome;
let web: WebApp;
/** What the hooks have written, one line each. */
let told: string;

beforeAll(async () => {
  home = await TestHome.make({ OPS_DASHBOARD: 'off' });
  allowDeploys(home, 'web');
  appendFileSync(home.home.etc.policy, COMMANDS);
  await home.start();
  web = await WebApp.make(home, 'web');
  told = `${home.folder('hooks')}/told`;
  expect((await deployed('1.0.0', [], [])).evidence.outcome).toBe('completed');
}, 60_000);
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
}, 60_000);
beforeEach(() => rmSync(told, { force: true }));

/** A program that tells its name, and which version runs then. */
const telling = (name: string, more = '') => [
  process.execPath,
  '--input-type=module',
  '--eval',
  `import { appendFileSync } from 'node:fs';
   const { version } = await (await fetch('${web.url('staging', '/version')}')).json();
   appendFileSync('${told}', '${name} ' + version + '\\n');
   ${more}`,
];

const hook = (name: string, more = ''): ActionRequest => ({
  action: 'infra.command',
  with: {
    argv: telling(name, more),
    undo: telling(`undo of ${name}`),
    resources: [`path:${home.folder('hooks')}`],
    network: true,
  },
});

/** A deploy with these actions around it in its task. */
async function deployed(version: string, before: ActionRequest[], after: ActionRequest[]): Promise<Report> {
  const task = web.task('release', 'staging', { commit: await web.commit(version) });
  const actions = 'actions' in task ? [...before, ...task.actions, ...after] : [];
  await home.submit({ ...task, actions });
  return home.report(task.task_id, 1, 30_000);
}

const lines = () => (existsSync(told) ? readFileSync(told, 'utf8').trim().split('\n') : []);

describe('actions before and after a deploy in its task', () => {
  it('run in their order, the first with the old release, the last with the new one', async () => {
    const { evidence } = await deployed('1.1.0', [hook('before')], [hook('after')]);
    expect([evidence.outcome, lines()]).toEqual(['completed', ['before 1.0.0', 'after 1.1.0']]);
  }, 60_000);

  it('are taken back with it where the last one fails: itself, the deploy, then the first one', async () => {
    const [current, releases] = [web.current('staging'), web.releases('staging')];
    const { evidence, ops_output } = await deployed('1.2.0', [hook('before')], [hook('after', 'process.exit(4);')]);
    expect(evidence).toMatchObject({ outcome: 'failed', reason: 'command-failed' });
    expect(lines()).toEqual(['before 1.1.0', 'after 1.2.0', 'undo of after 1.2.0', 'undo of before 1.1.0']);
    expect(ops_output.notes).toContain('the host is as it was before');
    expect(ops_output.actions_taken.map(({ rollback_command }) => rollback_command)).toEqual(
      Array.from({ length: 3 }, () => 'none: already taken back'),
    );
    expect([web.current('staging'), web.releases('staging')]).toEqual([current, releases]);
  }, 60_000);

  it('are taken back with it where the deploy fails: what comes after it never runs', async () => {
    web.declare({ build: [{ argv: ['/bin/false'] }] });
    const { evidence } = await deployed('1.3.0', [hook('before')], [hook('after')]);
    web.declare();
    expect([evidence.outcome, lines()]).toEqual(['failed', ['before 1.1.0', 'undo of before 1.1.0']]);
  }, 60_000);
});
