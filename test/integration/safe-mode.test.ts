import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { embeddedRedis } from '../../src/adapters/redis-server.ts';
import { TestHome } from './test-home.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** A daemon that nobody waits for. */
function daemonOf(home: TestHome, env: Record<string, string> = {}) {
  return execa(process.execPath, [MAIN, '--home', home.root], {
    env,
    reject: false,
    stdin: 'ignore',
    forceKillAfterDelay: false,
  });
}

/** Breaks a home before its first start; returns a part of the reason that must be told. */
const FAULTS: [string, (home: TestHome) => string, Record<string, string>?][] = [
  ['no configuration', ({ home }) => (rmSync(home.etc.ops), `cannot read ${home.etc.ops}: run "ops keys init"`)],
  ['a configuration that is no YAML', ({ home }) => (writeFileSync(home.etc.ops, 'host: ['), home.etc.ops)],
  ['an unknown field', ({ home }) => (writeFileSync(home.etc.ops, 'host: a\nhosts: b\n'), 'Unrecognized key: "hosts"')],
  ['a wrong log level', () => 'OPS_LOG_LEVEL: expected one of', { OPS_LOG_LEVEL: 'loud' }],
  ['a REDIS_URL that is none', () => 'REDIS_URL: expected redis://', { REDIS_URL: 'redis://:p%ZZ@127.0.0.1:1' }],
  ['no key ring', ({ home }) => (rmSync(home.etc.keyring), `${home.etc.keyring} is missing`)],
  ['a broken key ring', ({ home }) => (writeFileSync(home.etc.keyring, '{'), `${home.etc.keyring} cannot be used`)],
  ['a broken policy', ({ home }) => (writeFileSync(home.etc.policy, 'allow: 1'), `${home.etc.policy} cannot be used`)],
  ['no host key', ({ home }) => (rmSync(home.var.hostKey), `there is no key ${home.var.hostKey}`)],
  ['a host key that others can read', ({ home }) => (chmodSync(home.var.hostKey, 0o644), 'can be read by others')],
  ['a key ring that others can write', ({ home }) => (chmodSync(home.etc.keyring, 0o666), 'can be written by others')],
  ['a ledger that others can read', ({ home }) => (chmodSync(home.var.dir, 0o755), 'can be read by others')],
  [
    'a dashboard for everybody',
    () => 'listens on a loopback address only, not on 0.0.0.0',
    { OPS_DASHBOARD: '0.0.0.0:7070' },
  ],
  ['foreign code in its environment', () => 'take NODE_OPTIONS out of it', { NODE_OPTIONS: '--no-warnings' }],
  [
    'private keys of others, and not for trying out',
    ({ home }) => (writeFileSync(home.etc.ops, 'host: mini-1\n'), 'can read private keys that are not its own'),
  ],
  [
    'a ledger that is none',
    ({ home }) => (
      writeFileSync(home.var.ledger, 'x'.repeat(9999)),
      `the ledger ${home.var.ledger} cannot be used: file is not a database`
    ),
  ],
  [
    'a directory in the place of the ledger',
    ({ home }) => (
      mkdirSync(home.var.ledger, { recursive: true }),
      `the ledger ${home.var.ledger} cannot be used: unable to open database file`
    ),
  ],
];

describe('a daemon that cannot start', () => {
  it.each(FAULTS)(
    'F61, T28, T30: stays up in safe mode within 5 s and says why: %s',
    async (_what, breakIt, env = {}) => {
      await using home = await TestHome.make();
      const reason = breakIt(home);
      const daemon = daemonOf(home, env);
      await expect.poll(() => home.state, { timeout: 5_000 }).toMatchObject({ state: 'safe-mode', pid: daemon.pid });
      expect(home.state?.reason).toContain(reason);
      const { stdout } = await home.ops('status', '--json');
      expect(JSON.parse(stdout)).toMatchObject({ state: 'safe-mode', reason: expect.stringContaining(reason) });
      daemon.kill('SIGTERM');
      const { exitCode, stderr } = await daemon;
      expect([exitCode, stderr]).toEqual([0, expect.stringContaining(reason)]);
      expect(home.state).toBeNull();
    },
    20_000,
  );

  it('takes what was queued as soon as it is mended, within 30 seconds', async () => {
    await using home = await TestHome.make();
    await home.start();
    await home.stop();
    const good = `${home.home.etc.policy}.good`;
    renameSync(home.home.etc.policy, good);
    const daemon = daemonOf(home);
    await expect.poll(() => home.state?.state, { timeout: 5_000 }).toBe('safe-mode');
    renameSync(good, home.home.etc.policy);
    await expect.poll(() => home.state, { timeout: 35_000 }).toMatchObject({ state: 'ready', reason: null });
    await home.submit(home.task('mended', [{ action: 'infra.command', with: { argv: ['true'], undo: ['true'] } }]));
    expect((await home.report('mended')).ops_output.status).toBe('completed');
    daemon.kill('SIGTERM');
    expect((await daemon).exitCode).toBe(0);
    const said = readFileSync(home.home.var.log, 'utf8').match(/safe mode/g);
    expect(said).toHaveLength(1);
  }, 60_000);

  it('has no home to be safe in: it ends, and makes none', async () => {
    await using home = await TestHome.make();
    const nowhere = home.path('nowhere');
    const { exitCode, stderr } = await execa(process.execPath, [MAIN, '--home', nowhere], { reject: false });
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining(`there is no home ${nowhere}: run "ops keys init"`),
    ]);
    expect(existsSync(nowhere)).toBe(false);
  });
});

describe('a Redis that cannot be used', () => {
  it('is told after 10 seconds without an answer', async () => {
    await using home = await TestHome.make();
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const daemon = daemonOf(home, { REDIS_URL: `redis://127.0.0.1:${port}` });
    await expect.poll(() => home.state?.state, { timeout: 20_000 }).toBe('safe-mode');
    expect(home.state?.reason).toContain(`Redis at 127.0.0.1:${port} cannot be used (no answer within 10 s)`);
    const waiting = await home.ops('report', 'any', '--wait');
    expect(waiting.stderr).toContain('the daemon is in safe mode, what is queued waits');
    daemon.kill('SIGTERM');
    expect((await daemon).exitCode).toBe(0);
    silent.close();
  }, 40_000);

  it('T34: is refused where another host uses it, and this one takes tasks for any', async () => {
    await using home = await TestHome.make();
    await home.start();
    await home.redis.set('{savorg}:published:mini-2', '7');
    await home.stop();
    const daemon = daemonOf(home);
    const soleHost = `set sole_host: false in ${home.home.etc.ops}`;
    await expect.poll(() => home.state?.reason, { timeout: 10_000 }).toContain(soleHost);
    daemon.kill('SIGTERM');
    expect((await daemon).exitCode).toBe(0);
    appendFileSync(home.home.etc.ops, 'sole_host: false\n');
    await home.start();
  }, 40_000);

  it('F25: is refused where it may drop tasks', async () => {
    await using home = await TestHome.make();
    const server = embeddedRedis({ dir: home.path('redis'), log: { info: () => undefined, warn: () => undefined } });
    await server.start();
    const redis = new Redis(server.url);
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const daemon = daemonOf(home, { REDIS_URL: server.url });
    await expect.poll(() => home.state?.reason, { timeout: 10_000 }).toContain('maxmemory-policy allkeys-lru');
    daemon.kill('SIGTERM');
    expect((await daemon).exitCode).toBe(0);
    redis.disconnect();
    await server.stop();
  }, 30_000);
});
