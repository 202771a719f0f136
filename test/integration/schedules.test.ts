import { once } from 'node:events';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slotTaskId } from '../../src/schedule/slot-task.ts';
import type { Ledger } from '../../src/services/ledger.ts';
import type { SlotRecord } from '../../src/services/schedules.ts';
import { condemn } from '../fuzz/death.ts';
import { violations } from '../fuzz/invariants.ts';
import { Cron, NEVER, withLedger } from './crons.ts';
import { ownRedis } from './own-redis.ts';
import { processesOf, TestHome } from './test-home.ts';
import { until } from './until.ts';

const TWO_S = 2_000;
const MINUTE = 60_000;

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
    expect(cron.count('ran')).toBe(cron.slots.length);
    expect(pings.asked.filter((path) => path.startsWith('/often'))).toEqual(
      cron.slots.flatMap(() => ['/often/start', '/often']),
    );
    expect(pings.asked.filter((path) => path.startsWith('/scheduler'))).toEqual(['/scheduler']);
  });

  it.concurrent('tries a failed slot again, as another task, and pings what it exited with', async () => {
    const more = { retries: { count: 1, backoff_ms: 1_000 }, pattern: NEVER, heartbeat: `${pings.url}/again` };
    const fails = `mkdir ${home.path('again.cron')}/made 2>/dev/null && exit 3; exit 0`;
    const cron = await new Cron(home, 'again', more, fails).define();
    await cron.ask('run-now');
    const [slot] = await cron.has(1, 'ran');
    expect(slot).toMatchObject({ attempt: 2, outcome: 'completed', askedBy: 'run-now-again' });
    if (!slot) throw new Error('it has no slot');
    expect((await home.report(slotTaskId({ ...slot, attempt: 1 }))).evidence.outcome).toBe('failed');
    expect((await home.report(slotTaskId(slot))).evidence.task_id).toMatch(/^again\.\d{8}t\d{6}z\.r2$/);
    expect([cron.count('ran'), cron.count('undone')]).toEqual([2, 1]);
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
    const before = cron.count('ran');
    const [skipped] = await cron.has(2, 'skipped');
    expect([skipped?.reason, cron.count('ran')]).toEqual(['paused is paused: not now', before]);
    await cron.ask('resume');
    await until('a run', () => cron.count('ran') > before);
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
    expect(cron.count('ran')).toBe(cron.ended('ran').length);
    expect(later.flatMap((slot) => cron.finals(slot))).toEqual([]);
  });

  it.concurrent('ends and takes back the slot that the next one replaces', async () => {
    const cron = await new Cron(home, 'replaced', { overlap: 'replace' }, 'sleep 1000').define();
    const [first] = await cron.has(1, 'skipped');
    expect(first).toMatchObject({ outcome: 'cancelled', reason: expect.stringContaining('replaced by replaced.') });
    expect([first && processesOf(slotTaskId(first)), cron.count('undone')]).toEqual([[], 1]);
    if (first) await home.report(slotTaskId(first));
    expect(first && cron.finals(first)).toEqual(['cancelled']);
    await cron.ask('remove');
    await home.control('cancel', 'manager', `task:${slotTaskId(cron.slots[0] as never)}`);
    await until('the end', () => cron.alive.length === 0);
  });

  it.concurrent('waits for the lock that another task holds', async () => {
    const cron = await new Cron(home, 'locked', { pattern: NEVER }).define();
    const [go, begun] = [cron.path('go'), cron.path('begun')];
    const argv = ['/bin/sh', '-c', `touch ${begun}; until test -e ${go}; do sleep 0.05; done`];
    const holder = { argv, undo: ['true'], resources: [cron.resource] };
    await home.submit(home.task('holder', [{ action: 'infra.command', with: holder }]));
    await until('a lock', () => existsSync(begun));
    await cron.ask('run-now');
    const queue = home.queue('ops-mini-1');
    const id = slotTaskId(cron.slots[0] as never);
    await until('its delivery', async () => (await queue.getJobState(id)) === 'active');
    expect([cron.slots[0]?.state, cron.count('ran')]).toEqual(['enqueued', 0]);
    writeFileSync(go, '');
    await cron.has(1, 'ran');
    expect(cron.count('ran')).toBe(1);
  });
});

/** As if the daemon had been down since then: between two daemons. */
function wasDownSince(home: TestHome, accountedUntil: number): void {
  const rewind = (ledger: Ledger) =>
    ledger.write(() => {
      for (const { name } of ledger.schedules()) ledger.changeSchedule(name, { accountedUntil });
    });
  withLedger(home, rewind, { readOnly: false });
}

describe('a daemon that dies in a slot', () => {
  it.concurrent('F50: ends it once, and runs, catches up or misses those of its absence as each schedule says', async () => {
    await using home = await TestHome.make({}, { mortal: true });
    await home.start();
    const dies = await new Cron(home, 'dies', { pattern: NEVER }, 'sleep 1000').define();
    const policies = ['none', 'latest', 'all'] as const;
    const crons = policies.map(
      (catch_up) => new Cron(home, catch_up + '-caught-up', { pattern: '*/5 * * * *', catch_up }),
    );
    for (const cron of crons) await cron.define();
    await dies.ask('run-now');
    await until('a command', () => dies.count('ran') === 1);
    expect(dies.alive).not.toEqual([]);
    await home.kill();
    const absence = 40 * MINUTE;
    wasDownSince(home, Math.floor(Date.now() / (5 * MINUTE)) * 5 * MINUTE - absence);
    await home.passStall();
    await home.start();
    const [slot] = await dies.has(1, 'ran');
    expect(slot).toMatchObject({ outcome: 'interrupted', attempt: 1 });
    expect((await home.report(slotTaskId(slot as SlotRecord))).evidence.outcome).toBe('interrupted');
    const ended = await Promise.all(
      crons.map(async (cron) => {
        await until('its slots', () => cron.slots.length > 0 && cron.slots.every(({ endedAt }) => endedAt !== null));
        return cron.slots.toReversed().map(({ state, count }) => [state, count]);
      }),
    );
    // One that was due less than a minute ago is on time.
    const isOnTime = ended[0]?.length === 2;
    const last = ['ran', 1];
    const late = isOnTime ? 7 : 8;
    expect(ended).toEqual([
      [['missed', late], ...(isOnTime ? [last] : [])],
      isOnTime
        ? [['missed', 7], last]
        : [
            ['missed', 7],
            ['caught-up', 1],
          ],
      [...Array.from({ length: late }, () => ['caught-up', 1]), ...(isOnTime ? [last] : [])],
    ]);
    await until('all reports', () =>
      crons.every((cron) => cron.ended('ran', 'caught-up').every((each) => cron.finals(each).length > 0)),
    );
    for (const cron of crons) expect(cron.count('ran')).toBe(cron.ended('ran', 'caught-up').length);
    expect(await violations(home)).toEqual([]);
    expect(dies.alive).toEqual([]);
  }, 60_000);

  it.concurrent.each([
    ['fetched', 'completed', 1],
    ['claimed', 'completed', 1],
    ['intended', 'interrupted', 0],
    ['done', 'interrupted', 1],
    ['concluded', 'completed', 1],
  ] as const)(
    'at %s, and loses Redis, too: the slot is brought again under its own name, and ends once: %s',
    async (at, outcome, ran) => {
      await using home = await TestHome.make({}, { mortal: true });
      await home.start();
      const cron = await new Cron(home, 'lost', { pattern: NEVER }).define();
      // The first to come there is the task that asks for the slot, the second the slot.
      condemn(home.root, { at, hit: 2, victims: ['daemon'] });
      const now = [{ action: 'cron.run-now', with: { schedule: cron.name } }];
      await home.submit(home.task('ask', now, { operation_type: 'cron' }));
      await home.died();
      await home.redis.flushall();
      await home.start();
      const [slot] = await cron.has(1, 'ran');
      if (!slot) throw new Error('it has no slot');
      const { evidence } = await home.report(slotTaskId(slot));
      expect([evidence.final, evidence.outcome, cron.count('ran')]).toEqual([true, outcome, ran]);
      expect(await violations(home)).toEqual([]);
    },
    60_000,
  );
});

describe('a Redis that is away', () => {
  it.concurrent('for some seconds: each slot runs once, also those that fell due meanwhile', async () => {
    await using redis = await ownRedis();
    await using home = await TestHome.make({ REDIS_URL: redis.url });
    await home.start();
    const cron = await new Cron(home, 'away', { pattern: '* * * * * *', overlap: 'queue' }).define();
    await cron.has(2, 'ran');
    await redis.kill();
    const killedAt = Date.now();
    await until('a daemon that waits', () => home.state?.state === 'waiting');
    await until('slots that nobody runs', () => Date.now() - killedAt > 3_000);
    await redis.start();
    await home.ready();
    const back = cron.slots.length;
    await cron.has(back + 4, 'ran');
    await cron.ask('remove');
    const slots = cron.slots.toReversed();
    const [first, last] = [slots[0]?.dueAt ?? 0, slots.at(-1)?.dueAt ?? 0];
    expect(slots.map(({ dueAt }) => dueAt)).toEqual(Array.from({ length: slots.length }, (_, n) => first + n * 1_000));
    // Also in the absence, of which none is left out above.
    expect([first < killedAt, last > killedAt + 3_000]).toEqual([true, true]);
    const ran = cron.ended('ran');
    expect(cron.count('ran')).toBe(ran.length);
    await until('all reports', () => ran.every((slot) => cron.finals(slot).length === 1));
  }, 60_000);

  it.concurrent('and was emptied: a slot that waits its turn is brought again, and runs once', async () => {
    await using home = await TestHome.make({}, { mortal: true });
    await home.start();
    const cron = await new Cron(home, 'emptied', { pattern: NEVER }).define();
    const go = cron.path('go');
    const script = `until test -e ${go}; do sleep 0.05; done`;
    const holder = { argv: ['/bin/sh', '-c', script], undo: ['true'], resources: [cron.resource] };
    await home.submit(home.task('holder', [{ action: 'infra.command', with: holder }]));
    await cron.ask('run-now');
    const queue = home.queue('ops-mini-1');
    const [slot] = cron.slots as [SlotRecord];
    const state = () => queue.getJobState(slotTaskId(slot));
    await until('its delivery', async () => (await state()) === 'active');
    await home.redis.flushall();
    await home.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until('its job', async () => (await state()) !== 'unknown');
    writeFileSync(go, '');
    await cron.has(1, 'ran');
    await home.report(slotTaskId(slot));
    expect([cron.finals(slot), cron.count('ran')]).toEqual([['completed'], 1]);
  }, 60_000);
});

describe('a daemon that is told to stop', () => {
  it.concurrent('lets the running slot end; those that wait run after the next start', async () => {
    await using home = await TestHome.make();
    await home.start();
    const cron = await new Cron(home, 'stops', { pattern: '* * * * * *', overlap: 'queue' }, 'sleep 2').define();
    await until('slots that wait', () => cron.slots.filter(({ state }) => state === 'waiting').length > 1);
    expect(await home.stop()).toBe(0);
    expect([cron.ended('ran').length, cron.alive]).toEqual([1, []]);
    const waiting = cron.slots.filter(({ state }) => state === 'waiting' || state === 'enqueued');
    expect(waiting.length).toBeGreaterThan(1);
    await home.start();
    const [, second] = await cron.has(2, 'ran');
    expect(second?.dueAt).toBe(waiting.at(-1)?.dueAt);
    await cron.ask('remove');
  }, 60_000);

  it.concurrent('waits for no server that was to be pinged', async () => {
    const pings = await pinged({ hangs: true });
    using _ = { [Symbol.dispose]: pings.close };
    await using redis = await ownRedis();
    await using home = await TestHome.make({ REDIS_URL: redis.url });
    appendFileSync(home.home.etc.ops, `heartbeat: ${pings.url}/scheduler\n`);
    await home.start();
    const cron = await new Cron(home, 'hangs', { heartbeat: `${pings.url}/hangs` }).define();
    await cron.has(2, 'ran');
    await cron.ask('remove');
    const told = performance.now();
    expect(await home.stop()).toBe(0);
    expect(performance.now() - told).toBeLessThan(5_000);
    expect(pings.asked).toContain('/hangs/start');
  }, 40_000);

  it.concurrent('waits for no Redis that does not answer while slots are brought', async () => {
    await using redis = await ownRedis();
    await using home = await TestHome.make({ REDIS_URL: redis.url });
    await home.start();
    const cron = await new Cron(home, 'silent', { pattern: '* * * * * *', overlap: 'queue' }).define();
    await cron.has(1, 'ran');
    process.kill(redis.pid, 'SIGSTOP');
    try {
      const before = cron.slots[0]?.dueAt ?? 0;
      await until('a slot that cannot be brought', () =>
        cron.slots.some(({ state, dueAt }) => state === 'enqueued' && dueAt > before),
      );
      const told = performance.now();
      expect(await home.stop()).toBe(0);
      expect(performance.now() - told).toBeLessThan(15_000);
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
    const waiting = cron.slots.filter(({ endedAt }) => endedAt === null);
    await home.start();
    await until('them', () => waiting.every(({ dueAt }) => cron.ended('ran').some((slot) => slot.dueAt === dueAt)));
    expect(cron.ended('ran').length).toBeGreaterThanOrEqual(waiting.length);
  }, 60_000);
});
