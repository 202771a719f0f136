import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { ownRedis } from './own-redis.ts';
import { isAlive, TestHome } from './test-home.ts';

const shell = (script: string, undo = 'true', more: Record<string, unknown> = {}) => ({
  action: 'infra.command',
  with: { argv: ['/bin/sh', '-c', script], undo: ['/bin/sh', '-c', undo], ...more },
});
const waitFor = (go: string) => `while [ ! -e ${go} ]; do sleep 0.05; done`;

describe('a claimed task', () => {
  it('is concluded although somebody breaks the policy while it runs', async () => {
    await using home = await TestHome.make();
    await home.start();
    const [mark, go] = [home.path('mark'), home.path('go')];
    await home.submit(home.task('broken-1', [shell(`touch ${mark}; ${waitFor(go)}`)]));
    await expect.poll(() => existsSync(mark)).toBe(true);
    writeFileSync(home.home.etc.policy, 'allow: [');
    writeFileSync(go, '');
    expect((await home.report('broken-1')).ops_output.status).toBe('completed');
  });

  it('that waits for a lock does not run once its keys are revoked', async () => {
    await using home = await TestHome.make();
    await home.start();
    const [mark, go, never] = [home.path('mark'), home.path('go'), home.path('never')];
    await home.submit(home.task('holds', [shell(`touch ${mark}; ${waitFor(go)}`)]));
    await expect.poll(() => existsSync(mark)).toBe(true);
    const waits = await home.submit(home.task('waits', [shell(`touch ${never}`)]));
    await expect.poll(() => waits.getState()).toBe('active');
    const ring = JSON.parse(readFileSync(home.home.etc.keyring, 'utf8'));
    for (const key of ring.keys.filter(({ role }: { role: string }) => role === 'security'))
      key.revoked_at = '2026-01-01T00:00:00Z';
    writeFileSync(home.home.etc.keyring, JSON.stringify(ring));
    writeFileSync(go, '');
    expect((await home.report('waits')).ops_output.blockers[0]?.code).toBe('revoked-key');
    expect(existsSync(never)).toBe(false);
  });
});

describe('a held task', () => {
  it('is woken after a crash by the signature that came before it', async () => {
    await using home = await TestHome.make();
    await home.start();
    const task = home.task('held-crash', [shell('true')]);
    const job = await home.submit(task, ['manager', 'plan-review']);
    await expect.poll(() => job.getState()).toBe('delayed');
    await home.kill();
    await home.addControl(await home.sign(task, 'security'));
    await home.start();
    expect((await home.report('held-crash')).ops_output.status).toBe('completed');
  }, 40_000);

  it('runs when it is sent again with all signatures', async () => {
    await using home = await TestHome.make();
    await home.start();
    const file = home.path('task.yaml');
    const { expires_at: _, host: __, ...bare } = home.task('sent-again', [shell('true')]);
    writeFileSync(file, JSON.stringify(bare));
    await home.ops('sign', '--as', 'manager', file);
    const signed = home.path('task.signed.json');
    expect((await home.ops('submit', '--follow', signed)).exitCode).toBe(3);
    for (const role of ['plan-review', 'security']) await home.ops('sign', '--as', role, signed);
    const ran = await home.ops('submit', '--follow', signed);
    expect([ran.exitCode, ran.stdout]).toEqual([0, expect.stringContaining('status: completed')]);
    const bareAgain = await home.ops('sign', '--as', 'security', file);
    expect([bareAgain.exitCode, bareAgain.stderr]).toEqual([1, expect.stringContaining('not signed yet')]);
  });
});

describe('a task_id that BullMQ keeps for itself', () => {
  it('is refused, and the next good task runs', async () => {
    await using home = await TestHome.make();
    await home.start();
    const task = home.task('metrics', [shell('true')]);
    await expect(home.sign(task, 'manager')).rejects.toThrow('is a name that BullMQ keeps for itself');
    await home.queue('ops-mini-1').add('infra', { task, attestations: [] }, { jobId: 'some-other-id' });
    expect((await home.report('some-other-id')).ops_output.blockers[0]?.code).toBe('malformed');
    await home.submit(home.task('good', [shell('true')]));
    expect((await home.report('good')).ops_output.status).toBe('completed');
  });
});

describe('a probe that runs a command', () => {
  it('needs a policy that allows commands', async () => {
    await using home = await TestHome.make();
    writeFileSync(
      home.home.etc.policy,
      'allow:\n  - { actions: [monitoring.probe], environments: [staging], hosts: [mini-1] }\n',
    );
    await home.start();
    const check = { type: 'command', service: 'it', argv: ['touch', home.path('probed')] };
    await home.submit(home.task('probe-1', [{ action: 'monitoring.probe', with: { check } }]));
    const report = await home.report('probe-1');
    expect(report.ops_output.blockers[0]).toMatchObject({
      code: 'not-allowed',
      message: expect.stringContaining('infra.command'),
    });
    expect(existsSync(home.path('probed'))).toBe(false);
  });
});

describe('a Redis of your own', () => {
  it('is found by the rollback command, too', async () => {
    await using redis = await ownRedis();
    await using home = await TestHome.make({ REDIS_URL: redis.url });
    await home.start();
    const file = home.path('a.conf');
    await home.submit(home.task('own-1', [{ action: 'config.file', with: { path: file, content: 'x' } }]));
    const { ops_output } = await home.report('own-1');
    const command = ops_output.actions_taken[0]?.rollback_command ?? '';
    const typed = await execa('/bin/sh', ['-c', command], { cwd: '/', reject: false });
    expect([typed.exitCode, existsSync(file)]).toEqual([0, false]);
  }, 40_000);
});

describe('the embedded Redis', () => {
  it('F17: is started again when it dies, and a task that waited in it runs', async () => {
    await using home = await TestHome.make();
    await home.start();
    const redisPid = Number(readFileSync(join(home.home.var.redis, 'redis.pid'), 'utf8'));
    const [mark, go] = [home.path('mark'), home.path('go')];
    await home.submit(home.task('runs', [shell(`touch ${mark}; ${waitFor(go)}`)]));
    await home.submit(home.task('waits', [shell('true')]));
    await expect.poll(() => existsSync(mark)).toBe(true);
    process.kill(redisPid, 'SIGKILL');
    writeFileSync(go, '');
    expect((await home.report('runs')).ops_output.status).toBe('completed');
    expect((await home.report('waits', 1, 40_000)).ops_output.status).toBe('completed');
    expect(await home.stop()).toBe(0);
    expect(
      isAlive(
        Number(
          readFileSync(home.home.var.log, 'utf8')
            .match(/"pid":(\d+),"port"/g)
            ?.at(-1)
            ?.match(/\d+/)?.[0],
        ),
      ),
    ).toBe(false);
  }, 60_000);
});
