import { describe, expect, it, vi } from 'vitest';
import { ControlWatch, controlStream, sendControl } from '../../src/adapters/control-stream.ts';
import { verifierBy } from '../../src/adapters/verify.ts';
import { Control } from '../../src/services/control.ts';
import { START, TestClock, testLedger, testRing, withdrawal } from '../services/support.ts';
import { realRedis } from './real-redis.ts';

const KEY = '{savorg}:ops-control';
const server = realRedis();

async function control() {
  const redis = server.connect();
  const ledger = testLedger();
  const ring = await testRing();
  const verifier = verifierBy(() => ring, new TestClock());
  const none = { attested: () => undefined, withdrawn: () => undefined };
  return { redis, ledger, reader: new Control(controlStream(redis, KEY), ledger, verifier, none) };
}

describe('the control stream', () => {
  it('has nothing where nobody wrote', async () => {
    expect(await controlStream(server.connect(), KEY).after('0-0')).toEqual([]);
  });

  it('gives the entries after a cursor, the oldest first, a page at a time', async () => {
    const redis = server.connect();
    const stream = controlStream(redis, KEY);
    for (let n = 0; n < 150; n += 1) await sendControl(redis, KEY, `token-${n}`);
    const first = await stream.after('0-0');
    expect(first).toHaveLength(100);
    expect(first[0]?.fields).toEqual({ token: 'token-0' });
    const second = await stream.after(first.at(-1)?.id ?? '');
    expect(second.map(({ fields }) => fields['token'])).toEqual(
      Array.from({ length: 50 }, (_, n) => `token-${100 + n}`),
    );
    expect(await stream.after(second.at(-1)?.id ?? '')).toEqual([]);
  });

  it('gives all fields of an entry, whatever they are', async () => {
    const redis = server.connect();
    await redis.xadd(KEY, '1-1', 'token', 'a b', 'more', '', '__proto__', 'x');
    const [entry] = await controlStream(redis, KEY).after('0-0');
    expect(entry?.id).toBe('1-1');
    expect(Object.entries(entry?.fields ?? {})).toEqual([
      ['token', 'a b'],
      ['more', ''],
      ['__proto__', 'x'],
    ]);
  });

  it('is read by its cursor: what was read is not read again', async () => {
    const { redis, ledger, reader } = await control();
    await sendControl(redis, KEY, await withdrawal('veto', 'task:a'));
    await reader.catchUp();
    const cursor = ledger.controlCursor();
    await reader.catchUp();
    expect(ledger.controlCursor()).toBe(cursor);
    expect([...ledger.auditEntries()]).toHaveLength(1);
  });

  it('is read from its beginning where Redis was replaced and the stream is shorter than the cursor', async () => {
    const { redis, ledger, reader } = await control();
    await redis.xadd(KEY, '9000-0', 'token', await withdrawal('veto', 'task:a'));
    await reader.catchUp();
    await redis.flushall();
    await redis.xadd(KEY, '5-0', 'token', await withdrawal('veto', 'task:b'));
    await reader.catchUp();
    expect(ledger.withdrawals(['task:b'], START)).toHaveLength(1);
    expect(ledger.withdrawals(['task:a'], START)).toHaveLength(1);
  });

  it('is read from its beginning where Redis was replaced and the stream already goes beyond the cursor', async () => {
    const { redis, ledger, reader } = await control();
    await redis.xadd(KEY, '9000-0', 'token', await withdrawal('veto', 'task:a'));
    await reader.catchUp();
    await redis.flushall();
    await redis.xadd(KEY, '5-0', 'token', await withdrawal('veto', 'task:b'));
    await redis.xadd(KEY, '9001-0', 'token', await withdrawal('veto', 'task:c'));
    await reader.catchUp();
    for (const target of ['task:a', 'task:b', 'task:c']) expect(ledger.withdrawals([target], START)).toHaveLength(1);
    expect(ledger.controlCursor()).toBe('9001-0');
  });

  it('goes on where the entry at its cursor was taken away', async () => {
    const { redis, ledger, reader } = await control();
    for (const id of ['7-0', '8-0', '9-0']) await redis.xadd(KEY, id, 'token', await withdrawal('veto', `task:${id}`));
    await reader.catchUp();
    await redis.xdel(KEY, '9-0');
    await reader.catchUp();
    expect(ledger.controlCursor()).toBe('8-0');
    await redis.xadd(KEY, '10-0', 'token', await withdrawal('veto', 'task:b'));
    await reader.catchUp();
    expect(ledger.withdrawals(['task:b'], START)).toHaveLength(1);
    expect([...ledger.auditEntries()]).toHaveLength(4);
  });
});

function watch(catchUp: () => Promise<void>) {
  let cursor = '0-0';
  const watching = new ControlWatch(server.connect(), KEY, { catchUp }, () => cursor);
  // Before its connection is closed: without one it would never let anybody else run.
  server.later({ close: () => watching.stop() });
  const read = (id: string) => {
    cursor = id;
  };
  return { watching, read };
}

describe('the watch', () => {
  it('has the stream read as soon as something is added', async () => {
    const redis = server.connect();
    let seen = 0;
    const { watching, read } = watch(async () => {
      const entries = await controlStream(redis, KEY).after('0-0');
      seen = entries.length;
      read(entries.at(-1)?.id ?? '');
    });
    await watching.start();
    await watching.start();
    for (let n = 1; n <= 3; n += 1) {
      await sendControl(redis, KEY, 'token');
      await vi.waitFor(() => expect(seen).toBe(n));
    }
  });

  it('has one that replaced ours read, too, where nothing lies after the cursor', async () => {
    const redis = server.connect();
    let seen = 0;
    const { watching, read } = watch(async () => {
      seen = (await controlStream(redis, KEY).after('9999-0')).length;
    });
    read('9999-0');
    await watching.start();
    await redis.xadd(KEY, '5-1', 'token', 'a veto');
    await vi.waitFor(() => expect(seen).toBe(1), { timeout: 5_000 });
  });

  it('stops at once, although it waits; twice, and before it began, too', async () => {
    const { watching } = watch(async () => undefined);
    await watching.start();
    await watching.stop();
    await watching.stop();
    await expect(watch(async () => undefined).watching.stop()).resolves.toBeUndefined();
  });

  it('tries again where the reading failed, but not without a pause', async () => {
    const redis = server.connect();
    let tries = 0;
    const { watching } = watch(async () => {
      tries += 1;
      throw new Error('etc/keyring.json cannot be used');
    });
    await watching.start();
    const before = performance.now();
    await sendControl(redis, KEY, 'token');
    await vi.waitFor(() => expect(tries).toBeGreaterThan(2), { timeout: 5000, interval: 5 });
    expect(performance.now() - before).toBeGreaterThan(100);
  });
});
