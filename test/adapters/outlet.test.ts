import { Queue } from 'bullmq';
import { describe, expect, it, vi } from 'vitest';
import { queueOutlet } from '../../src/adapters/outlet.ts';
import { connectRedis } from '../../src/adapters/redis.ts';
import { verifyAlert } from '../../src/contract/alert.ts';
import { verifyReport } from '../../src/contract/report.ts';
import { passBy } from '../../src/services/failpoint.ts';
import { Publisher } from '../../src/services/publisher.ts';
import { ownRedis } from '../integration/own-redis.ts';
import { actionsTask, submit, TestClock, testKeys, testLedger, testLine, testRing } from '../services/support.ts';
import { realRedis } from './real-redis.ts';

const server = realRedis();
const MARK = '{savorg}:published:mini-1';

async function setUp() {
  const redis = server.connect();
  const open = (name: string) => server.later(new Queue(name, { connection: redis, prefix: '{savorg}' }));
  const [results, alerts] = [open('ops-results'), open('ops-alerts')];
  const outlet = queueOutlet({ results, alerts, redis, markKey: MARK, hostKey: (await testKeys()).host });
  const line = await testLine();
  return { redis, results, alerts, outlet, line, publisher: new Publisher(line.ledger, outlet, line.clock, passBy) };
}

describe('the outlet', () => {
  it('puts signed reports on the results queue: who has the key ring can believe them', async () => {
    const { results, line, publisher, redis } = await setUp();
    await submit(line, actionsTask());
    await publisher.drain();
    const [job, ...more] = await results.getJobs();
    expect(more).toEqual([]);
    const report = await verifyReport(job?.data, await testRing());
    expect([job?.name, job?.id]).toEqual(['report', report.evidence.report_id]);
    expect(report.evidence).toMatchObject({ task_id: 'task-1', final: true });
    expect(await redis.get(MARK)).toBe('1');
  });

  it('puts nothing there that could be altered unseen', async () => {
    const { results, line, publisher } = await setUp();
    await submit(line, actionsTask());
    await publisher.drain();
    const [job] = await results.getJobs();
    const ring = await testRing();
    for (const altered of [
      { ...job?.data, evidence: { ...job?.data.evidence, outcome: 'failed' } },
      { ...job?.data, ops_output: { ...job?.data.ops_output, notes: '' } },
    ])
      await expect(verifyReport(altered, ring)).rejects.toThrow('the signature does not fit the content');
  });

  it('puts signed alerts on theirs, and nothing that could be altered unseen: not even its state', async () => {
    const { alerts, line, publisher } = await setUp();
    await line.alerter.raise('a-1', { severity: 'critical', code: 'c', subject: 'host:mini-1', message: 'm' });
    await publisher.drain();
    const [job] = await alerts.getJobs();
    const ring = await testRing();
    expect(await verifyAlert(job?.data, ring)).toEqual(job?.data);
    const altered = [
      { ...job?.data, alert: { ...job?.data.alert, state: 'cleared' } },
      { ...job?.data, evidence: { ...job?.data.evidence, seq: 9 } },
    ];
    for (const message of altered)
      await expect(verifyAlert(message, ring)).rejects.toThrow('the signature does not fit the content');
    const others = { ...ring, keys: ring.keys.filter(({ role }) => role !== 'host') };
    await expect(verifyAlert(job?.data, others)).rejects.toThrow('is not in the key ring');
  });

  it('may publish twice: the id makes one of two', async () => {
    const { results, line, publisher, outlet } = await setUp();
    await submit(line, actionsTask());
    await publisher.drain();
    await outlet.publish(line.ledger.messagesAfter(0, 9));
    expect(await results.getJobCountByTypes('waiting')).toBe(1);
  });

  it('publishes again what a wiped Redis has lost', async () => {
    const { results, line, publisher, redis } = await setUp();
    await submit(line, actionsTask());
    await publisher.drain();
    await redis.flushall();
    await publisher.recover();
    expect((await results.getJobs()).map(({ data }) => data.evidence.task_id)).toEqual(['task-1']);
  });

  it.each(['abc', '', '01', '1.0', '1e3', '-1', '9'.repeat(16)])(
    'publishes, and once, where somebody made %j of the mark',
    async (junk) => {
      const { results, outlet, line, publisher, redis } = await setUp();
      await submit(line, actionsTask());
      await publisher.drain();
      await redis.set(MARK, junk);
      const publish = vi.spyOn(outlet, 'publish');
      await publisher.recover();
      expect(publish).toHaveBeenCalledOnce();
      expect(await redis.get(MARK)).toBe('1');
      expect(await results.count()).toBe(1);
    },
  );

  it('publishes where somebody made a list of the mark, at the start and later', async () => {
    const { results, line, publisher, redis } = await setUp();
    await redis.lpush(MARK, 'x');
    await submit(line, actionsTask());
    await publisher.drain();
    expect(await redis.get(MARK)).toBe('1');
    await redis.del(MARK);
    await redis.lpush(MARK, 'x');
    await submit(line, actionsTask({ task_id: 'task-2' }));
    await publisher.drain();
    expect([await redis.get(MARK), await results.count()]).toEqual(['2', 2]);
  });

  it.each([
    ['with what it had', true, 1_000],
    ['empty', false, 1_010],
  ])('F59: brings a thousand reports to a Redis that comes back %s, in their order', async (_what, kept, expected) => {
    await using own = await ownRedis();
    const redis = connectRedis(own.url);
    server.later({ close: async () => redis.disconnect() });
    const open = (name: string) => server.later(new Queue(name, { connection: redis, prefix: '{savorg}' }));
    const [results, alerts] = [open('ops-results'), open('ops-alerts')];
    for (const queue of [results, alerts]) queue.on('error', () => undefined);
    const outlet = queueOutlet({ results, alerts, redis, markKey: MARK, hostKey: (await testKeys()).host });
    const ledger = testLedger();
    const publisher = new Publisher(ledger, outlet, new TestClock(), passBy);
    const append = async (from: number, to: number) => {
      for (let n = from; n <= to; n += 1)
        await ledger.commit(() => ledger.append('report', `r${n}`, (seq) => ({ seq })));
    };
    await append(1, 10);
    await publisher.drain();
    // Manager has read these.
    for (const job of await results.getJobs()) await job.remove();
    await own.onDisk();
    await own.kill();
    await append(11, 1_010);
    if (!kept) own.restore();
    await own.start();
    await publisher.recover();
    const jobs = await results.getJobs(['waiting'], 0, -1, true);
    const first = 1_010 - expected + 1;
    expect(jobs.map(({ id }) => id)).toEqual(Array.from({ length: expected }, (_, index) => `r${first + index}`));
    expect(await outlet.mark()).toBe(1_010);
  });

  it('puts alerts on their own queue, under their id and state', async () => {
    const { alerts, results, line, publisher } = await setUp();
    await line.alerter.raise('disk-1', { severity: 'critical', code: 'disk', subject: 'host:mini-1', message: 'm' });
    await publisher.drain();
    const [job] = await alerts.getJobs();
    expect(job).toMatchObject({ id: 'disk-1-raised', name: 'alert', data: { alert: { alert_id: 'disk-1' } } });
    expect(job?.data.signature).toMatch(/^ey/);
    expect(await results.getJobs()).toEqual([]);
  });

  it('knows no mark before the first one', async () => {
    const { outlet } = await setUp();
    expect(await outlet.mark()).toBeNull();
    expect(await outlet.moveMark(null, 17)).toBe(true);
    expect(await outlet.mark()).toBe(17);
    expect(await outlet.moveMark(null, 18)).toBe(false);
    expect(await outlet.moveMark(17, 18)).toBe(true);
    expect(await outlet.mark()).toBe(18);
  });
});
