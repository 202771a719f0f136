import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { homeOf, loadConfig, refuseForeignCode } from '../src/config.ts';
import { OpsError } from '../src/errors.ts';
import { temporaryFolder } from './services/support.ts';

/** A home whose `etc/ops.yaml` is this text, in this environment. */
function home(text: string | null, environment: Record<string, string | undefined> = {}, name = 'home'): string {
  const root = join(temporaryFolder(), name);
  mkdirSync(join(root, 'etc'), { recursive: true });
  if (text !== null) writeFileSync(join(root, 'etc', 'ops.yaml'), text);
  const clean = { REDIS_URL: undefined, OPS_LOG_LEVEL: undefined, OPS_HOME: undefined, OPS_DASHBOARD: undefined };
  for (const [key, value] of Object.entries({ ...clean, ...environment })) vi.stubEnv(key, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  return root;
}

function errorOf(root: string): string {
  try {
    loadConfig(root);
  } catch (error) {
    if (error instanceof OpsError) return error.message;
    throw error;
  }
  throw new Error('expected an error');
}

describe('the configuration', () => {
  it('needs a host and no more', () => {
    const root = home('host: mini-1\n');
    expect(loadConfig(root)).toMatchObject({
      host: { name: 'mini-1', sole: true },
      dev: false,
      concurrency: 8,
      redisUrl: null,
      logLevel: 'info',
      queues: { prefix: '{savorg}', tasks: 'ops', results: 'ops-results', control: '{savorg}:ops-control' },
      home: { root, var: { ledger: join(root, 'var/ledger.db') } },
    });
  });

  it('takes what the file says', () => {
    const text = 'host: m\nsole_host: false\ndev: true\nconcurrency: 2\nqueues: { prefix: p, tasks: work }\n';
    expect(loadConfig(home(text))).toMatchObject({
      host: { name: 'm', sole: false },
      dev: true,
      concurrency: 2,
      queues: { prefix: 'p', tasks: 'work', results: 'work-results', control: 'p:work-control' },
    });
  });

  it('takes Redis, the level of the log and the home from the environment', () => {
    const root = home('host: m', { REDIS_URL: 'redis://x:1', OPS_LOG_LEVEL: 'debug' });
    expect(loadConfig(root)).toMatchObject({ redisUrl: 'redis://x:1', logLevel: 'debug' });
    vi.stubEnv('REDIS_URL', '');
    expect(loadConfig(root).redisUrl).toBeNull();
    vi.stubEnv('OPS_HOME', root);
    expect(homeOf().root).toBe(root);
    expect(homeOf('/elsewhere').root).toBe('/elsewhere');
  });

  it('takes Redis from a file that is not for everybody, unless the environment names one', () => {
    const root = home('host: m');
    const file = homeOf(root).etc.redisUrl;
    writeFileSync(file, 'redis://:pw@x:1\n', { mode: 0o640 });
    expect(loadConfig(root).redisUrl).toBe('redis://:pw@x:1');
    vi.stubEnv('REDIS_URL', 'redis://y:2');
    expect(loadConfig(root).redisUrl).toBe('redis://y:2');
    vi.stubEnv('REDIS_URL', '');
    chmodSync(file, 0o644);
    expect(errorOf(root)).toBe(`everybody can read ${file}: type chmod o= ${file}`);
    chmodSync(file, 0o600);
    writeFileSync(file, 'secret-password');
    expect(errorOf(root)).toBe(`${file}: expected redis://[user:password@]host:port, with special characters as %XX`);
  });

  it('gives commands a few variables of the daemon, and those that the file lists', () => {
    const root = home('host: m\npass_environment: [DEPLOY_ENV, UNSET_ONE]', {
      DEPLOY_ENV: 'x',
      SECRET_TOKEN: 'hidden',
      PATH: '/bin',
      REDIS_URL: 'redis://:pw@x',
    });
    const { baseEnv } = loadConfig(root);
    expect(baseEnv).toMatchObject({ PATH: '/bin', DEPLOY_ENV: 'x', HOME: expect.any(String) });
    expect(Object.keys(baseEnv)).not.toEqual(expect.arrayContaining(['SECRET_TOKEN']));
    expect(baseEnv).not.toHaveProperty('REDIS_URL');
    expect(baseEnv).not.toHaveProperty('UNSET_ONE');
  });

  it('knows its own command line, from any directory, with a home whose name has spaces', () => {
    const root = home('host: m', {}, "it's a home");
    const { opsCommand } = loadConfig(root);
    expect(opsCommand).toContain(process.execPath);
    expect(opsCommand).toMatch(/ \/\S*src\/cli\/main\.ts --home '/);
    expect(opsCommand.endsWith(String.raw`it'\''s a home'`)).toBe(true);
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(loadConfig(home('host: m')))).toBe(true);
  });

  it('that is missing says how to make it', () => {
    const root = home(null);
    expect(errorOf(root)).toBe(
      `cannot read ${root}/etc/ops.yaml: run "ops keys init" to make a home, or name another with --home`,
    );
  });

  it.each([
    ['an unknown key', 'host: m\nhots: n', /ops\.yaml:\n✖ Unrecognized key: "hots"/],
    ['no host', 'dev: true', /→ at host/],
    ['a reserved host', 'host: any', /is a reserved word, not a host\n {2}→ at host/],
    ['dev: false', 'host: m\ndev: false', /→ at dev/],
    ['no tasks at a time', 'host: m\nconcurrency: 0', /→ at concurrency/],
    ['an unknown queue', 'host: m\nqueues: { task: x }', /Unrecognized key: "task"\n {2}→ at queues/],
    ['a name that is no variable', 'host: m\npass_environment: ["A B"]', /→ at pass_environment\[0\]/],
    ['no YAML', 'host: [', /ops\.yaml: /],
    ['nothing', '', /ops\.yaml:\n✖/],
  ])('that has %s says what to mend', (_, text, message) => {
    expect(errorOf(home(text))).toMatch(message);
  });

  it('refuses an unknown level of the log', () => {
    expect(errorOf(home('host: m', { OPS_LOG_LEVEL: 'loud' }))).toBe(
      'OPS_LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, got loud',
    );
  });
});

const of = (dashboard: string, OPS_DASHBOARD?: string) =>
  home(`host: m\n${dashboard && `dashboard: ${dashboard}\n`}`, { OPS_DASHBOARD });

describe('the dashboard', () => {
  const local = { host: '127.0.0.1', port: 7070, tls: null, hosts: [] };

  it.each([
    ['', undefined, local],
    ['off', undefined, null],
    ['{}', undefined, local],
    ['{ listen: off }', undefined, null],
    [
      '{ listen: "127.0.0.2:80", hosts: [mini-1.local] }',
      undefined,
      { ...local, host: '127.0.0.2', port: 80, hosts: ['mini-1.local'] },
    ],
    ['{ listen: "[::1]:7070" }', undefined, { ...local, host: '::1' }],
    ['{ listen: "localhost:7070" }', '', { ...local, host: 'localhost' }],
    ['{ hosts: [a] }', '127.0.0.1:0', { ...local, port: 0, hosts: ['a'] }],
    ['off', '127.0.0.1:8080', { ...local, port: 8080 }],
    ['{}', 'off', null],
  ])('as the file says it (%s), unless the environment (%s) says otherwise', (file, environment, expected) => {
    expect(loadConfig(of(file, environment)).dashboard).toEqual(expected);
  });

  it('takes files beside the configuration, or anywhere', () => {
    const root = of('{ listen: "0.0.0.0:443", tls: { certificate: tls/cert.pem, key: /keys/key.pem } }');
    expect(loadConfig(root).dashboard?.tls).toEqual({
      certificate: join(root, 'etc/tls/cert.pem'),
      key: '/keys/key.pem',
    });
  });

  it.each(['0.0.0.0:7070', '192.168.0.9:7070', '[::]:7070', '128.0.0.1:7070'])(
    'T28: stays here without TLS: %s',
    (listen) => {
      const root = of(`{ listen: "${listen}" }`);
      const says =
        /without TLS the dashboard listens on a loopback address only, not on .*: set dashboard\.tls .* or leave it on 127\.0\.0\.1 and reach it by ssh -L$/;
      expect(errorOf(root)).toMatch(says);
      expect(errorOf(root).startsWith(`${root}/etc/ops.yaml: dashboard.listen: `)).toBe(true);
      expect(errorOf(of('{}', listen)).startsWith('OPS_DASHBOARD: without TLS')).toBe(true);
    },
  );

  it.each([
    '7070',
    'localhost',
    'mini-1:7070',
    '127.0.0.1:70700',
    '127.0.0.1:',
    '::1:7070',
    '[127.0.0.1]:7070',
    '127.evil:1',
  ])('is nowhere else: %s', (listen) => {
    expect(errorOf(of(`{ listen: "${listen}" }`))).toMatch(
      /dashboard\.listen: expected an IP address and a port, e\.g\. /,
    );
    expect(errorOf(of('', listen))).toMatch(/^OPS_DASHBOARD: expected an IP address and a port, .*, or off; got /);
  });

  it.each([
    ['on', /→ at dashboard/],
    ['{ port: 1 }', /Unrecognized key: "port"\n {2}→ at dashboard/],
    ['{ tls: { key: a } }', /→ at dashboard\.tls\.certificate/],
    ['{ hosts: ["a:1"] }', /expected a name without a port\n {2}→ at dashboard\.hosts\[0\]/],
  ])('says what to mend: %s', (file, message) => {
    expect(errorOf(of(file))).toMatch(message);
  });
});

describe('foreign code in the environment', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it('is not there in a usual one, nor under pm2 or launchd, which set some variables of Node', () => {
    vi.stubEnv('NODE_COMPILE_CACHE', '/x');
    vi.stubEnv('NODE_ENV', 'production');
    vi.stubEnv('NODE_EXTRA_CA_CERTS', '/x');
    vi.stubEnv('NODE_APP_INSTANCE', '0');
    vi.stubEnv('NODE_OPTIONS', '');
    expect(() => refuseForeignCode()).not.toThrow();
  });

  it.each([
    'NODE_OPTIONS',
    'NODE_PATH',
    'NODE_TLS_REJECT_UNAUTHORIZED',
    'OPENSSL_CONF',
    'OPENSSL_MODULES',
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'LD_AUDIT',
    'DYLD_INSERT_LIBRARIES',
    'DYLD_LIBRARY_PATH',
    'DYLD_FRAMEWORK_PATH',
  ])('T30: is refused by name, and its value is not told: %s', (name) => {
    vi.stubEnv(name, 'p4ssw0rd');
    expect(() => refuseForeignCode()).toThrow(`take ${name} out of it`);
    expect(() => refuseForeignCode()).not.toThrow('p4ssw0rd');
  });
});
