import { existsSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isAlive, memoryOf, TestHome } from './test-home.ts';

const MIB = 1024 * 1024;
const QUEUE = '{savorg}:ops-mini-1';
const command = (...argv: string[]) => ({ action: 'infra.command', with: { argv: ['true', ...argv], undo: ['true'] } });

const sizeOf = (...paths: string[]) =>
  paths.filter((path) => existsSync(path)).reduce((sum, path) => sum + statSync(path).size, 0);

/** A home whose daemon has run a first task, with what a flood may not blow up. */
async function warmHome() {
  const home = await TestHome.make();
  await home.start();
  await home.submit(home.task('warm-up', [command()]));
  await home.report('warm-up');
  const { pid } = home;
  const memory = memoryOf(pid, 'VmRSS');
  return {
    home,
    queue: home.queue('ops-mini-1'),
    /** MiB more at the most than before. */
    grown: () => (memoryOf(pid, 'VmHWM') - memory) / MIB,
    ledger: () => sizeOf(home.home.var.ledger, `${home.home.var.ledger}-wal`) / MIB,
    log: () => sizeOf(home.home.var.log) / MIB,
    alive: () => isAlive(pid),
  };
}

/** Milliseconds until a good task that is sent now is reported. */
async function timeOfGoodTask(home: TestHome, id: string): Promise<number> {
  const sent = performance.now();
  await home.submit(home.task(id, [command()]));
  expect((await home.report(id, 1, 60_000)).ops_output.status).toBe('completed');
  return performance.now() - sent;
}

/** As large and as deep as a task may be. */
function atTheBounds(): Record<string, unknown> {
  let value: unknown = 'x'.repeat(64_500);
  for (let depth = 0; depth < 15; depth += 1) value = [value];
  return { nested: value };
}

describe('a flood', () => {
  it('T14, T1: of 10,000 unsigned tasks, 500 of them 64 KiB and 20 levels deep, keeps a good task waiting for seconds, and leaves little behind', async () => {
    const { home, queue, grown, ledger, log, alive } = await warmHome();
    await using _home = home;
    for (let page = 0; page < 20; page += 1) {
      await queue.addBulk(
        Array.from({ length: 500 }, (_, n) => {
          const id = `flood-${page}-${n}`;
          const task = home.task(id, [n % 20 === 0 ? { action: 'config.file', with: atTheBounds() } : command()]);
          return { name: 'infra', data: { task, attestations: [] }, opts: { jobId: id, removeOnFail: false } };
        }),
      );
    }
    const waited = await timeOfGoodTask(home, 'good');
    expect(waited).toBeLessThan(20_000);
    expect(grown()).toBeLessThan(200);
    expect(ledger()).toBeLessThan(8);
    expect(log()).toBeLessThan(0.1);
    expect(home.reports.filter(({ evidence }) => evidence.outcome === 'refused')).toHaveLength(60);
    expect(await queue.getFailedCount()).toBeLessThanOrEqual(1000);
    expect(alive()).toBe(true);
  }, 90_000);

  it('F33, T10: of 100 MB payloads costs what one of them costs, and none stays in Redis', async () => {
    const { home, grown, alive } = await warmHome();
    await using _home = home;
    const put = async (id: string, repeated: string, times: number) => {
      const grow = `redis.call('HSET', KEYS[1], 'name', 'infra', 'data', string.rep(ARGV[1], ARGV[2]))`;
      await home.redis.eval(grow, 1, `${QUEUE}:${id}`, repeated, times);
      await home.redis.multi().lpush(`${QUEUE}:wait`, id).zadd(`${QUEUE}:marker`, 0, '0').exec();
    };
    await put('deep', '[', 100 * MIB);
    await put('large', '{"task":[],', 10 * MIB);
    for (const id of ['deep', 'large']) expect((await home.report(id, 1, 30_000)).evidence.reason).toBe('too-large');
    expect(grown()).toBeLessThan(500);
    await expect.poll(() => home.redis.exists(...['deep', 'large'].map((id) => `${QUEUE}:${id}`))).toBe(0);
    expect(await timeOfGoodTask(home, 'good')).toBeLessThan(5_000);
    expect(alive()).toBe(true);
  }, 90_000);

  it('T14: of 1,000 held tasks of 60 KiB keeps no good task waiting, not even when all are woken', async () => {
    const { home, queue, grown, ledger, alive } = await warmHome();
    await using _home = home;
    const file = { action: 'config.file', with: { path: home.path('never'), content: 'x'.repeat(60_000) } };
    const tasks = Array.from({ length: 1000 }, (_, n) => home.task(`held-${n}`, [file], { plan_id: 'plan-2' }));
    for (const task of tasks) {
      const data = { task, attestations: [await home.sign(task, 'manager')] };
      await queue.add('infra', data, { jobId: task.task_id });
    }
    await expect.poll(() => queue.getDelayedCount(), { timeout: 60_000 }).toBe(1000);
    const waited = await timeOfGoodTask(home, 'good-beside');
    await home.control('veto', 'security', 'plan:plan-2');
    const waitedForWoken = await timeOfGoodTask(home, 'good-behind');
    await home.report('held-999', 1, 60_000);
    await expect.poll(() => queue.getJobCountByTypes('delayed', 'waiting', 'active'), { timeout: 30_000 }).toBe(0);
    expect(waited).toBeLessThan(3_000);
    expect(waitedForWoken).toBeLessThan(10_000);
    expect(grown()).toBeLessThan(300);
    expect(ledger()).toBeLessThan(200);
    expect(alive()).toBe(true);
  }, 120_000);
});
