import { describe, expect, it } from 'vitest';
import { registry } from '../../jobs/index.ts';
import { allows, Policy } from '../../src/admission/policy.ts';
import { bindAction } from '../../src/planning/registry.ts';
import { permissionsOf } from '../../src/planning/run-plan.ts';
import { definition } from '../support/definitions.ts';

/** What a host allows to whoever may sign: two programs, one folder of programs, one folder to write in. */
const rule = {
  actions: Object.keys(registry),
  environments: ['host' as const],
  hosts: ['mini-1'],
  paths: ['/srv/a'],
  binaries: ['/usr/bin/touch', 'git', '/opt/tools'],
};

/** Whether it is understood, and allowed. */
function passes(action: string, input: object, more: object = {}): boolean {
  const policy = Policy.parse({ allow: [{ ...rule, ...more }] });
  const request = { action, with: input as Record<string, unknown> };
  const bound = bindAction(registry, 'argv' in input ? { ...request, irreversible: true } : request);
  if (typeof bound === 'string') return false;
  return permissionsOf(bound).every(({ name, needs }) =>
    allows(policy, { action: name, needs, environment: 'host', host: 'mini-1' }),
  );
}

const runs = (argv: string[], more: object = {}, rules: object = {}) =>
  passes('infra.command', { argv, ...more }, rules);

const sets = (set: object, format = 'env') =>
  passes('config.env', { path: '/srv/a/web.env', service: 'web', format, set });

it('what is meant passes', () => {
  expect(runs(['/usr/bin/touch', 'x'])).toBe(true);
  expect(runs(['git', 'pull'], { env: { LANG: 'C' }, cwd: '/srv/a' })).toBe(true);
  expect(runs(['/opt/tools/bin/x'])).toBe(true);
  expect(runs(['git'], { env: { PATH: '/opt/tools/bin:/opt/tools' } })).toBe(true);
});

describe('a program', () => {
  it.each([
    ['out of an allowed folder by ..', ['/opt/tools/../../srv/a/evil']],
    ['out of an allowed folder by a link and ..', ['/opt/tools/link/../evil']],
    ['by two slashes', ['/opt/tools//../x']],
    ['by its folder from the working directory', ['./touch']],
    ['below the working directory', ['tools/touch']],
    ['above the working directory', ['../touch']],
    ['of another folder by its name', ['touch']],
    ['by a longer name', ['/usr/bin/touch2']],
    ['by another case', ['/usr/bin/TOUCH']],
  ])('does not pass %s', (_, argv) => {
    expect(runs(argv)).toBe(false);
    expect(runs(argv, { cwd: '/opt/tools' })).toBe(false);
  });

  it('that stands in the policy as a way from the working directory is no rule: nobody knows which it is', () => {
    expect(Policy.safeParse({ allow: [{ ...rule, binaries: ['./deploy'] }] }).success).toBe(false);
  });

  it('of a service does not pass either out of an allowed folder', () => {
    const asks = { action: 'config.service.install', needs: ['binary:/opt/tools/../../srv/a/evil'] };
    expect(allows({ allow: [rule] }, { ...asks, environment: 'host', host: 'mini-1' })).toBe(false);
  });

  it.each([
    ['the undo', { undo: ['/srv/a/evil'] }],
    ['the guard', { guard: { unless: ['/srv/a/evil'] } }],
    ['the check', { check: { type: 'command', service: 'x', argv: ['/srv/a/evil'] } }],
  ])('is asked for as %s, too', (_, more) => expect(runs(['/usr/bin/touch'], more)).toBe(false));
});

describe('a variable', () => {
  it.each([
    ['a folder in which a name is looked up', { PATH: '/srv/a/bin' }],
    ['such a folder before the right one', { PATH: '/srv/a/bin:/opt/tools' }],
    ['the working directory in which a name is looked up', { PATH: '' }],
    ['the same after others', { PATH: '/opt/tools:' }],
    ['a way out of an allowed folder', { PATH: '/opt/tools/../../srv/a' }],
    ['a folder below the working directory', { PATH: 'bin' }],
    ['a secret as such a folder', { PATH: 'secret:file/path' }],
    ['a library that is loaded into any program', { LD_PRELOAD: '/srv/a/evil.so' }],
    ['a folder of libraries', { LD_LIBRARY_PATH: '/srv/a' }],
    ['a library on a Mac', { DYLD_INSERT_LIBRARIES: '/srv/a/evil.dylib' }],
    ['code for Node', { NODE_OPTIONS: '--require /srv/a/evil.js' }],
    ['code for a shell', { BASH_ENV: '/srv/a/evil' }],
    ['code for another shell', { ENV: '/srv/a/evil' }],
    ['code for Python', { PYTHONPATH: '/srv/a' }],
    ['code for Perl', { PERL5OPT: '-M/srv/a/evil' }],
    ['code for Ruby', { RUBYOPT: '-r/srv/a/evil' }],
    ['code for Java', { JAVA_TOOL_OPTIONS: '-javaagent:/srv/a/evil.jar' }],
  ])('does not pass with %s', (_, env) => {
    expect(runs(['git'], { env })).toBe(false);
    expect(runs(['/usr/bin/touch'], { env })).toBe(false);
    expect(passes('infra.script', { interpreter: ['git'], text: 'x', undo_text: 'x', env })).toBe(false);
  });

  it('T37: that loads code is not given to a service either', () => {
    expect(sets({ PORT: '80', PATH: '/opt/tools' })).toBe(true);
    expect(sets({ LD_PRELOAD: '/srv/a/evil.so' })).toBe(false);
    expect(sets({ PATH: '/srv/a' })).toBe(false);
    expect(sets({ pm_exec_path: '/srv/a/evil' }, 'pm2-json')).toBe(false);
    expect(sets({ pm_exec_path: '/srv/a/evil' }, 'pm2-yaml')).toBe(false);
    expect(sets({ npm_config_cache: '/srv/a' })).toBe(true);
  });

  it('passes where every program may run', () => {
    expect(runs(['git'], { env: { LD_PRELOAD: '/x.so', PATH: '/x' } }, { binaries: ['/'] })).toBe(true);
  });
});

describe('a place', () => {
  it.each(['/srv/a/../b', '/srv/a//b', '/srv/a/./b', '/srv/a/', '/srv/ab', '/srv', '/SRV/a/b', '/srv/A/b', 'srv/a/b'])(
    'does not pass as %s',
    (path) => {
      expect(passes('config.file', { path, content: '' })).toBe(false);
      expect(runs(['/usr/bin/touch'], { resources: [`path:${path}`] })).toBe(false);
    },
  );

  it('of the whole host does not pass', () => {
    expect(runs(['/usr/bin/touch'], { resources: ['host'] })).toBe(false);
  });

  it.each(['/srv/a/', '/srv//a', '/srv/../a', '/srv/./a'])('is no rule as %s, which no path fits', (path) => {
    expect(Policy.safeParse({ allow: [{ ...rule, paths: [path] }] }).success).toBe(false);
    expect(Policy.safeParse({ allow: [{ ...rule, binaries: [path] }] }).success).toBe(false);
  });
});

const http = (url: string) => ({ type: 'http', service: 'x', url });
const tcp = (host: string) => ({ type: 'tcp', service: 'x', host, port: 80 });

describe('another host', () => {
  const far = [
    http('http://169.254.169.254/latest'),
    http('https://example.org/'),
    http('http://127.0.0.1.example.org/'),
    http('http://localhost.example.org/'),
    http('http://127.0.0.1@example.org/'),
    tcp('10.0.0.1'),
    tcp('127.0.0.1.example.org'),
  ];

  it.each(far)('is not looked at without the network: %j', (check) => {
    expect(passes('monitoring.probe', { check })).toBe(false);
    expect(passes('config.file', { path: '/srv/a/b', content: '', check })).toBe(false);
    expect(passes('cron.define', definition({ actions: [], depends_on: [{ service: check }] } as never))).toBe(false);
    expect(passes('monitoring.probe', { check }, { network: true })).toBe(true);
  });

  it.each([
    http('http://127.0.0.1:8080/health'),
    http('http://localhost/'),
    http('http://[::1]:80/'),
    http('http://127.1/'),
    tcp('127.0.0.1'),
    tcp('localhost'),
    tcp('::1'),
  ])('is not this one: %j', (check) => expect(passes('monitoring.probe', { check })).toBe(true));

  it('gets no heartbeats of a schedule without the network', () => {
    const actions = [{ action: 'config.file', with: { path: '/srv/a/b', content: '' } }];
    const pinging = definition({ actions, heartbeat: 'https://hc.example.org/ping/1' });
    expect(passes('cron.define', definition({ actions }))).toBe(true);
    expect(passes('cron.define', pinging)).toBe(false);
    expect(passes('cron.define', pinging, { network: true })).toBe(true);
  });
});

describe('a container', () => {
  const container = { supervisor: 'container', name: 'web' };
  const services = ['container/web'];

  it.each(['start', 'stop', 'restart'])('is not reached as a service: %s', (verb) => {
    const action = `config.service.${verb}`;
    expect(passes(action, { service: container }, { services })).toBe(false);
    expect(passes(action, { service: container }, { containers: ['web'] })).toBe(false);
    expect(passes(action, { service: container }, { services, containers: ['other'] })).toBe(false);
    expect(passes(action, { service: container }, { services, containers: ['web'] })).toBe(true);
  });

  it('that is kept for an undo has no name for any action', () => {
    const both = { services: ['container/web.before-task-1'], containers: ['web.before-task-1'] };
    expect(passes('config.service.start', { service: { ...container, name: 'web.before-task-1' } }, both)).toBe(false);
    expect(passes('config.container.remove', { name: 'web.before-task-1' }, both)).toBe(false);
  });

  it('is neither installed nor removed as a service', () => {
    const wide = { services, containers: ['web'] };
    for (const action of ['config.service.install', 'config.service.remove'])
      expect(bindAction(registry, { action, with: { service: container } })).toMatch(/config\.container\.(run|remove)/);
    expect(passes('config.container.remove', { name: 'web' }, wide)).toBe(true);
  });
});
