import { describe, expect, it, vi } from 'vitest';
import { ControlWatch, controlStream, sendControl } from '../../src/adapters/control-stream.ts';
import { verifierBy } from '../../src/adapters/verify.ts';
import { Control } from '../../src/services/control.ts';
import { Statements } from '../../src/services/statements.ts';
import { START, TestClock, testLedger, testRing, withdrawal } from '../services/support.ts';
import { realRedis } from './real-redis.ts';

const KEY = '{savorg}:ops-control';
const server = realRedis();

const noOp = () => undefined;

/** A host: its ledger, and how it reads the stream. */
async function control() {
  const redis = server.connect();
  const ledger = testLedger();
  const ring = await testRing();
  const verifier = verifierBy(() => ring, new TestClock());
  const nobody = { attested: noOp, withdrawn: noOp, resumed: noOp, acknowledged: noOp };
  const statements = new Statements({
    ledger,
    verifier,
    alerter: { acknowledge: () => false },
    flood: { admit: () => true },
  });
  return { redis, ledger, reader: new Control(controlStream(redis, KEY), ledger, statements, nobody) };
}

describe('the control stream', () => {
  it('has nothing where nobody wrote', async () => {
    expect(await controlStream(server.connect(), KEY).after('0-0')).toEqual([]);
  });

  it('gives the entries after a cursor, the oldest first, a page at a time', async () => {
    const redis = server.connect();
    const stream = controlStream(redis, KEY);
    for (let n = 0; n < 150; n += 1) await sendControl(redis, KEY, `token-${n}`);
    const first = (await stream.after('0-0')) ?? [];
    expect(first).toHaveLength(100);
    expect(first[0]?.fields).toEqual({ token: 'token-0' });
    const second = (await stream.after(first.at(-1)?.id ?? '')) ?? [];
    expect(second.map(({ fields }) => fields['token'])).toEqual(
      Array.from({ length: 50 }, (_, n) => `token-${100 + n}`),
    );
    expect(await stream.after(second.at(-1)?.id ?? '')).toEqual([]);
  });

  it('is read to its end also where that has the largest id there is', async () => {
    const redis = server.connect();
    const last = '18446744073709551615-18446744073709551615';
    await redis.xadd(KEY, '1-1', 'token', 'a veto');
    await redis.xadd(KEY, last, 'token', 'x');
    const stream = controlStream(redis, KEY);
    expect((await stream.after('0-0'))?.map(({ id }) => id)).toEqual(['1-1', last]);
    expect(await stream.after(last)).toEqual([]);
  });

  it('gives all fields of an entry, whatever they are', async () => {
    const redis = server.connect();
    await redis.xadd(KEY, '1-1', 'token', 'a b', 'more', '', '__proto__', 'x');
    const [entry] = (await controlStream(redis, KEY).after('0-0')) ?? [];
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
  });

  it('T11: of one that Redis has lost each veto is added again, once, however many hosts know it', async () => {
    const hosts = await Promise.all(Array.from({ length: 5 }, () => control()));
    const [{ redis }] = hosts as [Awaited<ReturnType<typeof control>>];
    const readAll = () => Promise.all(hosts.map(({ reader }) => reader.catchUp()));
    const vetoes = await Promise.all(Array.from({ length: 120 }, (_, n) => withdrawal('veto', `task:t${n}`)));
    for (const veto of vetoes) await sendControl(redis, KEY, veto);
    await sendControl(redis, KEY, await withdrawal('cancel', 'task:c'));
    await readAll();
    for (let wiped = 1; wiped <= 2; wiped += 1) {
      await redis.flushall();
      await sendControl(redis, KEY, await withdrawal('veto', 'task:t7'));
      await readAll();
      await readAll();
      const entries = await redis.xrange(KEY, '-', '+');
      const tokens = entries.map(([, [, token]]) => token);
      expect(tokens).toHaveLength(120);
      expect(new Set(tokens).size).toBe(120);
      expect(vetoes.filter((veto) => !tokens.includes(veto))).toEqual([vetoes[7]]);
    }
    const late = await control();
    await late.reader.catchUp();
    expect(late.ledger.withdrawals(['task:t0', 'task:t119'], START)).toHaveLength(2);
  });

  it('T11: adds nothing where somebody else has added something meanwhile', async () => {
    const redis = server.connect();
    const stream = controlStream(redis, KEY);
    expect(await stream.append(['a'], '5-0')).toBe(false);
    expect(await stream.append(['a', 'b'], '0-0')).toBe(true);
    expect(await stream.append(['c'], '0-0')).toBe(false);
    const read = (await stream.after('0-0')) ?? [];
    expect(read.map(({ fields }) => fields)).toEqual([{ token: 'a' }, { token: 'b' }]);
    expect(await stream.append(['c'], read[0]?.id ?? '')).toBe(false);
    expect(await stream.append(['c'], read[1]?.id ?? '')).toBe(true);
  });

  it('T12: gives nothing but the id of an entry that is larger than every token', async () => {
    const redis = server.connect();
    const fields = Array.from({ length: 4_000 }, (_, n) => [`field-${n}`, 'x']).flat();
    await redis.xadd(KEY, '1-0', 'token', 'x'.repeat(50_000_000));
    await redis.xadd(KEY, '2-0', ...fields);
    await redis.xadd(KEY, '3-0', 'token', 'y'.repeat(32 * 1024));
    const read = (await controlStream(redis, KEY).after('0-0')) ?? [];
    expect(read.map((entry) => [entry.id, Object.keys(entry.fields)])).toEqual([
      ['1-0', []],
      ['2-0', []],
      ['3-0', ['token']],
    ]);
  });

  it('goes on where the entry at its cursor was taken away', async () => {
    const { redis, ledger, reader } = await control();
    for (const id of ['7-0', '8-0', '9-0']) await redis.xadd(KEY, id, 'token', await withdrawal('veto', `task:${id}`));
    await reader.catchUp();
    await redis.xdel(KEY, '9-0');
    await reader.catchUp();
    await sendControl(redis, KEY, await withdrawal('veto', 'task:b'));
    await reader.catchUp();
    expect(ledger.withdrawals(['task:b'], START)).toHaveLength(1);
    const events = [...ledger.auditEntries()].map(({ event }) => event);
    expect(events).toEqual(['veto', 'veto', 'veto', 'vetoes-restored', 'veto']);
    expect(await redis.xlen(KEY)).toBe(4);
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
      const entries = (await controlStream(redis, KEY).after('0-0')) ?? [];
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
      seen = (await controlStream(redis, KEY).after('9999-0')) === null ? 1 : 0;
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
