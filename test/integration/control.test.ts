import { existsSync, readFileSync } from 'node:fs';
import type { Job } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { openLedger } from '../../src/adapters/ledger/index.ts';
import { AlertMessage } from '../../src/contract/alert.ts';
import { signControl, type Verb } from '../../src/contract/control.ts';
import type { Role } from '../../src/contract/names.ts';
import type { Ledger } from '../../src/services/ledger.ts';
import { roleKey, tellers } from '../services/support.ts';
import { TestHome } from './test-home.ts';

const STREAM = '{savorg}:ops-control';
/** On a busy machine. */
const SLOW = { timeout: 10_000 };
let home: TestHome;

beforeAll(async () => {
  home = await TestHome.make();
  await home.start();
});
afterAll(() => home[Symbol.asyncDispose]());

const shell = (script: string, undo = 'true') => ({
  action: 'infra.command',
  with: { argv: ['/bin/sh', '-c', script], undo: ['/bin/sh', '-c', undo] },
});

const signed = (verb: Verb, target: string, role: Role = 'operator') => home.statement(verb, role, target);

const progressOf = async (job: Job) => (await home.queue(job.queueName).getJob(job.id ?? ''))?.progress;
const tokens = async () => (await home.redis.xrange(STREAM, '-', '+')).map(([, [, token]]) => token);

function ledger<T>(look: (opened: Ledger) => T): T {
  const opened = openLedger(home.home.var.ledger, systemClock, { readOnly: true });
  try {
    return look(opened);
  } finally {
    opened.close();
  }
}

/** Resolves when the daemon has read the stream to its end. */
const isRead = async () => {
  const [last] = await home.redis.xrevrange(STREAM, '+', '-', 'COUNT', 1);
  await expect.poll(() => ledger((opened) => opened.controlCursor()), SLOW).toBe(last?.[0]);
};

describe('a paused host', () => {
  it('holds a task, says so, and runs it when it is resumed', async () => {
    const mark = home.path('paused-mark');
    expect((await home.ops('pause', 'host:mini-1', '--reason', 'the disk is changed')).exitCode).toBe(0);
    const job = await home.submit(home.task('paused-1', [shell(`echo ran >> ${mark}`, `rm ${mark}`)]));
    await expect.poll(() => progressOf(job), SLOW).toMatchObject({ state: 'held', missing: ['paused'] });
    const { stdout } = await home.ops('status', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      held: ['paused-1 (paused)'],
      paused: [expect.stringMatching(/^host:mini-1 by operator@mini-1 until .*: the disk is changed$/)],
    });
    expect(existsSync(mark)).toBe(false);
    expect((await home.ops('resume', 'host:mini-1', '--reason', 'done')).exitCode).toBe(0);
    expect((await home.report('paused-1')).ops_output.status).toBe('completed');
    expect(readFileSync(mark, 'utf8')).toBe('ran\n');
  });

  it('still takes work back', async () => {
    await home.control('pause', 'security', 'host:*');
    await isRead();
    expect((await home.ops('undo', 'paused-1')).exitCode).toBe(0);
    await home.control('resume', 'security', 'host:*');
    await isRead();
  });

  it('runs what it held when the pause ends by itself', async () => {
    const statement = { verb: 'pause', target: 'host:mini-1', reason: 'r', validForMs: 3_000, jti: 'short' } as const;
    await home.addControl(await signControl(home.key('operator'), { ...statement, issuedAt: new Date() }));
    const job = await home.submit(home.task('paused-2', [shell('true')]));
    await expect.poll(() => progressOf(job), SLOW).toMatchObject({ missing: ['paused'] });
    expect((await home.report('paused-2')).ops_output.status).toBe('completed');
  });
});

describe('T12: what is replayed', () => {
  it('changes nothing: a pause after its resume, before and after a restart', async () => {
    const [pause, resume] = [await signed('pause', 'plan:plan-1'), await signed('resume', 'plan:plan-1')];
    for (const token of [pause, resume, pause]) await home.addControl(token);
    await home.submit(home.task('replay-1', [shell('true')]));
    expect((await home.report('replay-1')).ops_output.status).toBe('completed');
    await home.stop();
    await home.start();
    await home.addControl(pause);
    await home.submit(home.task('replay-2', [shell('true')]));
    expect((await home.report('replay-2')).ops_output.status).toBe('completed');
  }, 40_000);
});

describe('T12: what is forged', () => {
  it('changes nothing and is audited: 10,000 of them, huge ones, and then a good one', async () => {
    const stranger = await roleKey('security', 'savorgSecurity');
    const forged = { target: 'host:*', reason: 'x', issuedAt: new Date(), validForMs: 60_000, jti: 'j' } as const;
    const veto = await signControl(stranger, { ...forged, verb: 'veto' });
    const notHis = await signControl(home.key('manager'), { ...forged, verb: 'veto' });
    const many = home.redis.pipeline();
    many.xadd(STREAM, '*', 'token', notHis).xadd(STREAM, '*', 'token', 'x'.repeat(20_000_000));
    for (let n = 0; n < 5_000; n += 1) many.xadd(STREAM, '*', 'token', veto).xadd(STREAM, '*', 'a', 'b', 'c', `${n}`);
    await many.exec();
    const before = performance.now();
    await home.submit(home.task('forged-1', [shell('true')]));
    expect((await home.report('forged-1')).ops_output.status).toBe('completed');
    expect(performance.now() - before).toBeLessThan(15_000);
    const rejected = ledger((opened) => [...opened.auditEntries()].filter(({ event }) => event === 'control-rejected'));
    expect(rejected.length).toBeGreaterThanOrEqual(60);
    expect(rejected.length).toBeLessThanOrEqual(120);
    expect(rejected[0]).toMatchObject({ detail: { reason: 'wrong-role' } });
  }, 40_000);
});

describe('T11: a Redis that was wiped', () => {
  it('hides no veto, and has it again for the other hosts, once', async () => {
    const veto = await signed('veto', 'task:vetoed-1', 'security');
    const other = await signed('veto', 'task:vetoed-2', 'security');
    await home.addControl(veto);
    await isRead();
    await home.redis.flushall();
    await home.addControl(other);
    await expect.poll(tokens, SLOW).toEqual([other, veto]);
    for (const id of ['vetoed-1', 'vetoed-2']) {
      await home.submit(home.task(id, [shell('true')]));
      expect((await home.report(id)).ops_output.blockers[0]?.code).toBe('vetoed');
    }
    expect(await tokens()).toEqual([other, veto]);
    await home.redis.flushall();
    await expect.poll(tokens, SLOW).toHaveLength(2);
  }, 40_000);
});

describe('an alert', () => {
  it('is acknowledged once, on ops-alerts', async () => {
    await home.stop();
    const stopped = openLedger(home.home.var.ledger, systemClock);
    const raised = { severity: 'warning', code: 'disk-full', subject: 'host:mini-1', message: '95 % of /' } as const;
    await tellers(stopped, systemClock).alerter.raise('disk-1', raised);
    stopped.close();
    await home.start();
    const queue = home.queue('ops-alerts');
    await expect.poll(() => queue.getJob('disk-1-raised'), SLOW).toBeDefined();
    expect((await home.ops('acknowledge', 'disk-1')).exitCode).toBe(0);
    await expect.poll(() => queue.getJob('disk-1-acknowledged'), SLOW).toBeDefined();
    const message = AlertMessage.parse((await queue.getJob('disk-1-acknowledged'))?.data);
    expect(message.alert).toMatchObject({ alert_id: 'disk-1', state: 'acknowledged', ...raised });
    await home.ops('acknowledge', 'disk-1', '--as', 'manager');
    await home.ops('acknowledge', 'of-another-host');
    await isRead();
    const { stdout } = await home.ops('alerts', '--json');
    expect(JSON.parse(stdout)).toMatchObject([{ alert_id: 'disk-1', state: 'acknowledged' }]);
    const acknowledged = ledger((opened) => [...opened.auditEntries()].filter(({ event }) => event === 'acknowledge'));
    expect(acknowledged).toHaveLength(1);
  }, 40_000);
});

describe('F36: a veto that comes while the daemon is down', () => {
  it('takes back at the next start what was open, which wanted to be resumed', async () => {
    const [file, mark] = [home.path('down.conf'), home.path('down-mark')];
    const write = { action: 'config.file', with: { path: file, content: 'x' } };
    const task = home.task('down-1', [write, shell(`touch ${mark}; sleep 60`)], { on_interrupt: 'resume' });
    await home.submit(task);
    await expect.poll(() => existsSync(mark), SLOW).toBe(true);
    await home.kill();
    await home.control('veto', 'security', 'plan:plan-1');
    await home.start();
    const { evidence, ops_output } = await home.report('down-1');
    expect([evidence.outcome, ops_output.blockers[0]?.code]).toEqual(['vetoed', 'vetoed']);
    expect(existsSync(file)).toBe(false);
  }, 40_000);
});
