import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { homeOf, loadConfig } from '../src/config.ts';
import { OpsError } from '../src/errors.ts';
import { temporaryFolder } from './services/support.ts';

/** A home whose `etc/ops.yaml` is this text, in this environment. */
function home(text: string | null, environment: Record<string, string | undefined> = {}, name = 'home'): string {
  const root = join(temporaryFolder(), name);
  mkdirSync(join(root, 'etc'), { recursive: true });
  if (text !== null) writeFileSync(join(root, 'etc', 'ops.yaml'), text);
  const clean = { REDIS_URL: undefined, OPS_LOG_LEVEL: undefined, OPS_HOME: undefined };
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
