import { Queue } from 'bullmq';
import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../src/services/ledger.ts';
import type { Condition } from '../../src/services/ports.ts';
import { scheduleTotals } from '../../src/services/schedule-totals.ts';
import { realRedis } from '../adapters/real-redis.ts';
import { actionsTask, claimed, START, testLedger } from '../services/support.ts';
import { addSchedules, testServer } from './support.ts';

const real = realRedis();

/** Reports a task of this length. */
async function conclude(ledger: Ledger, task_id: string, outcome: 'completed' | 'failed', durationMs: number) {
  await claimed(ledger, actionsTask({ task_id }));
  const opsOutput = { task_id } as never;
  await ledger.commit(() => {
    ledger.conclude(task_id, { at: START + durationMs, outcome, reason: null, opsOutput });
    ledger.append('report', `r-${task_id}`, () => ({ evidence: { task_id, final: true, outcome } }));
  });
}

async function shown(ledger: Ledger, state: () => Condition = () => ({ state: 'ready', reason: null })) {
  const redis = real.connect();
  const queue = real.later(new Queue('ops', { connection: redis, prefix: '{savorg}' }));
  await queue.waitUntilReady();
  const dashboard = await testServer({ state });
  dashboard.show({
    queues: [queue],
    ledger,
    running: () => ['a', 'b'],
    schedules: () => scheduleTotals(ledger, START + 90_000, START),
    redis,
  });
  const read = async () => parsed((await dashboard.look('/metrics')).body);
  return { ...dashboard, redis, queue, read };
}

/** Each line by its name and labels. @throws on a line that Prometheus could not read. */
function parsed(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !/^# (?:HELP|TYPE) [a-z_]+ \S/.test(line));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([a-z_]+(?:\{(?:[a-z_]+="[^"]*",?)+\})?) ([\d.e+-]+)$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`not a metric: ${line}`);
      return [name, Number(value)];
    }),
  );
}

describe('the metrics', () => {
  it('tell what is on the queues, held and running, and how much memory it takes', async () => {
    const ledger = testLedger();
    const held = {
      task_id: 't',
      digest: 'd',
      queue: 'ops',
      jobId: 't',
      name: 'n',
      data: {},
      missing: [],
      until: 9,
    };
    await ledger.commit(() => ledger.hold(held));
    const { read, queue } = await shown(ledger);
    await queue.add('x', {});
    await queue.add('y', {}, { delay: 3600_000 });
    expect(await read()).toMatchObject({
      'ops_queue_jobs{queue="ops",state="waiting"}': 1,
      'ops_queue_jobs{queue="ops",state="delayed"}': 1,
      'ops_queue_jobs{queue="ops",state="failed"}': 0,
      ops_tasks_held: 1,
      ops_tasks_running: 2,
      ops_redis_up: 1,
      ops_ready: 1,
      ops_outbox_messages: 0,
    });
    const { process_resident_memory_bytes: memory = 0, process_cpu_seconds: cpu = 0 } = await read();
    expect(memory).toBeGreaterThan(20e6);
    expect(cpu).toBeGreaterThan(0);
  });

  it('count each report once, from the start of the daemon on', async () => {
    const ledger = testLedger();
    await conclude(ledger, 'before', 'completed', 1);
    const { read } = await shown(ledger);
    await conclude(ledger, 'a', 'completed', 40);
    await conclude(ledger, 'b', 'completed', 2_000);
    await conclude(ledger, 'c', 'failed', 90_000);
    await ledger.commit(() => ledger.append('alert', 'x', () => ({})));
    await ledger.commit(() =>
      ledger.append('report', 'r', () => ({ evidence: { task_id: 'a', final: false, outcome: 'refused' } })),
    );
    const expected = {
      'ops_reports_total{outcome="completed"}': 2,
      'ops_reports_total{outcome="failed"}': 1,
      'ops_reports_total{outcome="refused"}': 1,
      'ops_task_duration_seconds_bucket{le="0.01"}': 0,
      'ops_task_duration_seconds_bucket{le="0.05"}': 1,
      'ops_task_duration_seconds_bucket{le="5"}': 2,
      'ops_task_duration_seconds_bucket{le="300"}': 3,
      ops_task_duration_seconds_count: 3,
      ops_task_duration_seconds_sum: 92.04,
    };
    expect(await read()).toMatchObject(expected);
    expect(await read()).toMatchObject(expected);
    await conclude(ledger, 'd', 'completed', 1);
    expect((await read())['ops_reports_total{outcome="completed"}']).toBe(3);
  });

  it('count many reports at once', async () => {
    const ledger = testLedger();
    const { read } = await shown(ledger);
    await ledger.commit(() => {
      for (let n = 0; n < 1_001; n += 1)
        ledger.append('report', `r${n}`, () => ({ evidence: { task_id: 't', final: false, outcome: 'refused' } }));
    });
    const both = await Promise.all([read(), read()]);
    expect(both.map((metrics) => metrics['ops_reports_total{outcome="refused"}'])).toEqual([1_001, 1_001]);
  });

  it('tell how much of the outbox Redis does not have, also while it is away', async () => {
    const ledger = testLedger();
    const { read, redis } = await shown(ledger);
    await ledger.commit(() => {
      for (const id of ['a', 'b', 'c', 'd']) ledger.append('alert', id, () => ({}));
    });
    expect((await read())['ops_outbox_messages']).toBe(4);
    await redis.set('{savorg}:published:mini-1', 3);
    expect((await read())['ops_outbox_messages']).toBe(1);
    redis.disconnect();
    await expect.poll(() => redis.status).toBe('end');
    await ledger.commit(() => ledger.append('alert', 'e', () => ({})));
    const away = await read();
    expect(away).toMatchObject({ ops_redis_up: 0, ops_outbox_messages: 2 });
    expect(Object.keys(away).filter((name) => name.startsWith('ops_queue_jobs'))).toEqual([]);
  });

  it('tell how schedules stand, and when one is due', async () => {
    const ledger = testLedger();
    const { read } = await shown(ledger);
    expect(await read()).toMatchObject({ 'ops_schedules{state="active"}': 0, ops_schedule_next_due_seconds: 90 });
    await addSchedules(ledger, START);
    expect(await read()).toMatchObject({
      'ops_schedules{state="active"}': 1,
      'ops_schedules{state="paused"}': 1,
      'ops_schedules{state="expired"}': 1,
      'ops_slots_open{state="waiting"}': 1,
      'ops_slots_open{state="enqueued"}': 0,
      'ops_schedule_alerts{code="schedule-failed"}': 1,
      'ops_schedule_alerts{code="schedule-lapsed"}': 1,
    });
    await ledger.commit(() => ledger.changeSchedule('failed', { standing: {} }));
    expect(Object.keys(await read()).filter((name) => name.startsWith('ops_schedule_alerts'))).toEqual([]);
  });

  it('F24: are there although Redis refuses what they ask', async () => {
    const { read, redis } = await shown(testLedger());
    await redis.call('ACL', 'SETUSER', 'default', '-evalsha', '-eval');
    try {
      expect(await read()).toMatchObject({ ops_redis_up: 0, ops_ready: 1 });
    } finally {
      await redis.call('ACL', 'SETUSER', 'default', '+@all');
    }
    expect(await read()).toMatchObject({ ops_redis_up: 1 });
  });

  it('say little while no daemon runs, and never that it is ready', async () => {
    const { read, show } = await shown(testLedger(), () => ({ state: 'safe-mode', reason: 'no policy' }));
    show(null);
    const metrics = await read();
    expect(metrics['ops_ready']).toBe(0);
    expect(Object.keys(metrics)).toContain('ops_info{host="mini-1",version="0.1.0"}');
  });
});
