import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readProcesses } from '../../src/adapters/processes.ts';
import { describeAsRoot } from '../doubles/as-root.ts';
import { TestHome } from './test-home.ts';

const NOBODY = { uid: 65534, gid: 65534 };

/** What a shell of somebody else on this machine is told. */
const elsewhere = (script: string, ...args: string[]) =>
  execa('/bin/sh', ['-c', script, 'sh', ...args], { ...NOBODY, reject: false, cwd: '/' });

describeAsRoot('T29: somebody else on this machine', () => {
  let home: TestHome;
  beforeAll(async () => {
    home = await TestHome.make({ OPS_DASHBOARD: '127.0.0.1:0' });
    // As /opt/savorg-ops is.
    for (const folder of [home.root, home.home.etc.dir]) chmodSync(folder, 0o755);
    await home.start();
    await home.submit(home.task('seen', [{ action: 'infra.command', with: { argv: ['echo', 'x'], undo: ['true'] } }]));
    await home.report('seen');
  });
  afterAll(() => home[Symbol.asyncDispose]());

  it('reads nothing of the daemon, and no private key', async () => {
    const { root } = home;
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => /^(?:var|keys)\/|\.key$/.test(name))
      .map((name) => join(root, name))
      .filter((path) => statSync(path).isFile());
    for (const name of ['var/ledger.db', 'var/log/daemon.log', 'var/output/seen.log', 'var/redis/redis.conf'])
      expect(files).toContain(join(root, name));
    const { stdout } = await elsewhere('for f; do head -c 1 "$f" >/dev/null 2>&1 && echo "$f"; done', ...files);
    expect(stdout).toBe('');
    expect((await elsewhere('cat "$1"', home.home.etc.policy)).stdout).toContain('allow:');
  });

  it('writes, adds, replaces and removes nothing', async () => {
    const { root, home: at } = home;
    const before = readFileSync(at.etc.policy, 'utf8');
    const settings = [at.etc.ops, at.etc.policy, at.etc.keyring, at.var.ledger, at.var.daemon];
    const folders = [root, at.etc.dir, at.var.dir, at.var.run, at.var.snapshots, at.var.redis];
    const script = [
      'for f; do (echo x >> "$f") 2>/dev/null && echo "wrote $f"',
      'mv "$f" /tmp/ops-stolen 2>/dev/null && echo "took $f"',
      'mkfifo "$f/planted" 2>/dev/null && echo "planted in $f"; done',
    ];
    const { stdout } = await elsewhere(script.join('; '), ...settings, ...folders);
    expect([stdout, readFileSync(at.etc.policy, 'utf8')]).toEqual(['', before]);
  });

  it('gets no answer of Redis or the dashboard without their passwords, and finds none in an argv', async () => {
    const { password, port } = new URL(home.url);
    const redis = new Redis(Number(port), { retryStrategy: () => null, enableReadyCheck: false });
    redis.on('error', () => undefined);
    await expect(redis.get('x')).rejects.toThrow('NOAUTH');
    redis.disconnect();
    expect((await fetch(home.state?.dashboard ?? '')).status).toBe(401);
    const secrets = [password, readFileSync(home.home.var.dashboardPassword, 'utf8').trim(), home.key('host').d];
    const { stdout } = await elsewhere('cat /proc/[0-9]*/cmdline 2>/dev/null');
    expect(stdout).toContain(home.root);
    for (const secret of secrets) expect(stdout).not.toContain(secret);
  });

  it('ends nothing of it', async () => {
    const redis = Number(readFileSync(join(home.home.var.redis, 'redis.pid'), 'utf8'));
    const runners = (await readProcesses()).filter(({ parent }) => parent === home.pid).map(({ pid }) => pid);
    expect(runners.length).toBeGreaterThan(0);
    for (const pid of [home.pid, redis, ...runners])
      expect((await elsewhere('kill -0 "$1"', String(pid))).stderr).toMatch(/not permitted/i);
  });
});
