import { once } from 'node:events';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { slotTaskId } from '../../src/schedule/slot-task.ts';
import { condemn } from '../fuzz/death.ts';
import { violations } from '../fuzz/invariants.ts';
import { Cron, NEVER, withLedger } from './crons.ts';
import { ownRedis } from './own-redis.ts';
import { isAlive, TestHome } from './test-home.ts';
import { until } from './until.ts';

const TWO_S = 2_000;

/** A server to be pinged, that notes what it is asked for; it answers nobody where it hangs. */
async function pinged({ hangs = false } = {}) {
  const asked: string[] = [];
  const server = createServer(({ url }, response) => {
    asked.push(String(url));
    if (!hangs) response.end('OK');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close };
}

describe('a host with schedules', () => {
  let home: TestHome;
  let pings: Awaited<ReturnType<typeof pinged>>;

  beforeAll(async () => {
    pings = await pinged();
    home = await TestHome.make({}, { mortal: true });
    appendFileSync(home.home.etc.ops, `heartbeat: ${pings.url}/scheduler\n`);
    await home.start();
  });
  afterAll(async () => {
    await home[Symbol.asyncDispose]();
    pings.close();
  });

  it.concurrent('runs a slot every two seconds, reports each, and pings', async () => {
    const cron = await new Cron(home, 'often', { heartbeat: `${pings.url}/often` }).define();
    const slots = (await cron.has(3, 'ran')).slice(0, 3);
    const [first] = slots;
    expect(slots.map(({ dueAt }) => dueAt - (first?.dueAt ?? 0))).toEqual([0, TWO_S, 2 * TWO_S]);
    for (const slot of slots) {
      const { evidence } = await home.report(slotTaskId(slot));
      expect(evidence.attested_by).toMatchObject([{ role: 'host', principal: 'mini-1' }]);
      expect([slot.attempt, slot.late, slot.outcome, cron.finals(slot)]).toEqual([
        1,
        false,
        'completed',
        ['completed'],
      ]);
      expect((slot.enqueuedAt ?? 0) - slot.dueAt).toBeLessThan(TWO_S);
    }
    await cron.ask('remove');
    expect(cron.pids('ran')).toHaveLength(cron.slots.length);
    expect(pings.asked.filter((path) => path.startsWith('/often'))).toEqual(
      cron.slots.flatMap(() => ['/often/start', '/often']),
    );
    expect(pings.asked.filter((path) => path.startsWith('/scheduler'))).toEqual(['/scheduler']);
  });

  it.concurrent('tries a failed slot again, as another task, and pings what it exited with', async () => {
    const more = { retries: { count: 1, backoff_ms: 1_000 }, pattern: NEVER, heartbeat: `${pings.url}/again` };
    const fails = `mkdir ${home.path('again-made')} 2>/dev/null && exit 3; exit 0`;
    const cron = await new Cron(home, 'again', more, fails).define();
    await cron.ask('run-now');
    const [slot] = await cron.has(1, 'ran');
    expect(slot).toMatchObject({ attempt: 2, outcome: 'completed', askedBy: 'run-now-again' });
    if (!slot) throw new Error('it has no slot');
    expect((await home.report(slotTaskId({ ...slot, attempt: 1 }))).evidence.outcome).toBe('failed');
    expect((await home.report(slotTaskId(slot))).evidence.task_id).toMatch(/^again\.\d{8}t\d{6}z\.r2$/);
    expect([cron.pids('ran').length, cron.pids('undone').length]).toEqual([2, 1]);
    await until('its last ping', () => pings.asked.includes('/again'));
    expect(pings.asked.filter((path) => path.startsWith('/again'))).toEqual([
      '/again/start',
      '/again/3',
      '/again/start',
      '/again',
    ]);
  });

  it.concurrent('is paused, goes on, and is removed', async () => {
    const cron = await new Cron(home, 'paused').define();
    await cron.has(1, 'ran');
    await cron.ask('pause', { schedule: cron.name, reason: 'not now' });
    const before = cron.pids('ran').length;
    const [skipped] = await cron.has(2, 'skipped');
    expect([skipped?.reason, cron.pids('ran').length]).toEqual(['paused is paused: not now', before]);
    await cron.ask('resume');
    await until('a run', () => cron.pids('ran').length > before);
    await cron.ask('remove');
    const after = cron.slots.length;
    const witness = await new Cron(home, 'paused-witness').define();
    await witness.has(2, 'ran');
    expect(cron.slots).toHaveLength(after);
  });

  it.concurrent('is no more when its definition is taken back', async () => {
    const cron = await new Cron(home, 'taken').define();
    await cron.has(1, 'ran');
    expect((await home.ops('undo', cron.defineId)).exitCode).toBe(0);
    expect(withLedger(home, (ledger) => ledger.schedule('taken'))).toBeUndefined();
  });

  it.concurrent('stops for a veto of it', async () => {
    const cron = await new Cron(home, 'vetoed').define();
    await cron.has(1, 'ran');
    await home.control('veto', 'security', 'schedule:mini-1/vetoed');
    const [vetoed] = await cron.has(2, 'vetoed');
    const later = cron.slots.filter(({ dueAt }) => dueAt >= (vetoed?.dueAt ?? 0));
    expect(new Set(later.map(({ state }) => state))).toEqual(new Set(['vetoed']));
    expect(cron.pids('ran')).toHaveLength(cron.ended('ran').length);
    expect(later.flatMap((slot) => cron.finals(slot))).toEqual([]);
  });

  it.concurrent('ends and takes back the slot that the next one replaces', async () => {
    const cron = await new Cron(home, 'replaced', { overlap: 'replace' }, 'sleep 1000').define();
    const [first] = await cron.has(1, 'skipped');
    const [pid] = cron.pids('ran');
    expect(first).toMatchObject({ outcome: 'cancelled', reason: expect.stringContaining('replaced by replaced.') });
    expect([isAlive(pid ?? 0), cron.pids('undone').length]).toEqual([false, 1]);
    if (first) await home.report(slotTaskId(first));
    expect(first && cron.finals(first)).toEqual(['cancelled']);
    await cron.ask('remove');
    await home.control('cancel', 'manager', `task:${slotTaskId(cron.slots[0] as never)}`);
    await until('the end', () => cron.pids('ran').every((each) => !isAlive(each)));
  });

  it.concurrent('waits for the lock that another task holds', async () => {
    const cron = await new Cron(home, 'locked', { pattern: NEVER }).define();
    const [go, begun] = [home.path('locked.go'), home.path('locked.begun')];
    const argv = ['/bin/sh', '-c', `touch ${begun}; until test -e ${go}; do sleep 0.05; done`];
    const holder = { argv, undo: ['true'], resources: [`path:${cron.path('ran')}`] };
    await home.submit(home.task('holder', [{ action: 'infra.command', with: holder }]));
    await until('a lock', () => existsSync(begun));
    await cron.ask('run-now');
    const queue = home.queue('ops-mini-1');
    const id = slotTaskId(cron.slots[0] as never);
    await until('its delivery', async () => (await queue.getJobState(id)) === 'active');
    expect([cron.slots[0]?.state, cron.pids('ran')]).toEqual(['enqueued', []]);
    writeFileSync(go, '');
    await cron.has(1, 'ran');
    expect(cron.pids('ran')).toHaveLength(1);
  });
});
