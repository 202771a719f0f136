import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLedger } from '../../src/adapters/ledger/index.ts';
import { passBy } from '../../src/services/failpoint.ts';
import type { Ledger, OutboxRow } from '../../src/services/ledger.ts';
import { type Outlet, Publisher } from '../../src/services/publisher.ts';
import { HOUR, TestClock, temporaryFolder, testLedger } from './support.ts';

const DAY = 24 * HOUR;

class MemoryOutlet implements Outlet {
  readonly published: string[] = [];
  readonly rows: OutboxRow[] = [];
  marked: number | null = null;
  asked = 0;
  /** Called before each publishing. */
  before: (row: OutboxRow) => Promise<void> = async () => undefined;

  async publish(rows: readonly OutboxRow[]): Promise<void> {
    for (const row of rows) {
      await this.before(row);
      this.rows.push(row);
      this.published.push(row.id);
    }
  }

  async mark(): Promise<number | null> {
    this.asked += 1;
    return this.marked;
  }

  async moveMark(from: number | null, to: number): Promise<boolean> {
    if (this.marked !== from) return false;
    this.marked = to;
    return true;
  }
}

function setUp() {
  const clock = new TestClock();
  const path = join(temporaryFolder(), 'ledger.db');
  const ledger = testLedger(clock, path);
  const outlet = new MemoryOutlet();
  return { clock, path, ledger, outlet, publisher: new Publisher(ledger, outlet, clock, passBy) };
}

async function append(ledger: Ledger, ...ids: string[]): Promise<void> {
  for (const id of ids) await ledger.commit(() => ledger.append('report', id, (seq) => ({ seq })));
}

describe('publisher', () => {
  it('publishes reports and alerts in their order, each with its own seq, and marks the last', async () => {
    const { ledger, outlet, publisher } = setUp();
    await append(ledger, 'a', 'b');
    await ledger.commit(() => ledger.append('alert', 'c', (seq) => ({ seq })));
    await publisher.drain();
    expect(outlet.rows).toEqual([
      { seq: 1, kind: 'report', id: 'a', body: { seq: 1 } },
      { seq: 2, kind: 'report', id: 'b', body: { seq: 2 } },
      { seq: 3, kind: 'alert', id: 'c', body: { seq: 3 } },
    ]);
    expect(outlet.marked).toBe(3);
  });

  it('publishes nothing that is not on the disk: a crash could forget what was read', async () => {
    const { clock, path, ledger, outlet, publisher } = setUp();
    const onDisk: string[] = [];
    outlet.before = async () => {
      const reader = openLedger(path, clock, { readOnly: true });
      onDisk.push(...reader.messagesAfter(0, 10).map(({ id }) => id));
      reader.close();
    };
    ledger.write(() => ledger.append('report', 'a', (seq) => ({ seq })));
    await publisher.drain();
    expect(outlet.published).toEqual(['a']);
    expect(onDisk).toEqual(['a']);
  });

  it('publishes after the mark only, and nothing twice', async () => {
    const { ledger, outlet, publisher } = setUp();
    await append(ledger, 'a', 'b', 'c');
    outlet.marked = 2;
    await publisher.drain();
    await publisher.drain();
    expect(outlet.published).toEqual(['c']);
  });

  it('publishes more than one page', async () => {
    const { ledger, outlet, publisher } = setUp();
    const ids = Array.from({ length: 205 }, (_, index) => `r${index}`);
    await ledger.commit(() => {
      for (const id of ids) ledger.append('report', id, () => ({}));
    });
    await publisher.drain();
    expect(outlet.published).toEqual(ids);
  });

  it.each([
    ['lost', null],
    ['of another ledger, ahead of ours', 99],
  ])('publishes the last seven days again where the mark is %s', async (_, mark) => {
    const { clock, ledger, outlet, publisher } = setUp();
    await append(ledger, 'old');
    clock.advance(DAY);
    await append(ledger, 'week', 'late');
    clock.advance(7 * DAY - 1);
    outlet.marked = mark;
    await publisher.drain();
    expect(outlet.published).toEqual(['week', 'late']);
    expect(outlet.marked).toBe(3);
  });

  it('begins again after a failure with what is not marked, without loss and in order', async () => {
    const { ledger, outlet, publisher } = setUp();
    await append(ledger, 'a', 'b', 'c');
    let broken = true;
    outlet.before = async ({ id }) => {
      if (id === 'b' && broken) throw new Error('Redis is away');
    };
    await expect(publisher.drain()).rejects.toThrow('Redis is away');
    expect([outlet.published, outlet.marked]).toEqual([['a'], 0]);
    await append(ledger, 'd');
    broken = false;
    await publisher.drain();
    expect([outlet.published, outlet.marked]).toEqual([['a', 'a', 'b', 'c', 'd'], 4]);
  });

  it('publishes again what was published but not marked: the id makes it harmless', async () => {
    const { ledger, outlet, publisher } = setUp();
    await append(ledger, 'a', 'b');
    const moveMark = outlet.moveMark.bind(outlet);
    outlet.moveMark = async (from, to) => {
      if (to > 0) throw new Error('died before the mark');
      return moveMark(from, to);
    };
    await expect(publisher.drain()).rejects.toThrow('died');
    outlet.moveMark = moveMark;
    await publisher.drain();
    expect(outlet.published).toEqual(['a', 'b', 'a', 'b']);
  });

  it('never works twice at a time, and misses nothing that is appended meanwhile', async () => {
    const { ledger, outlet, publisher } = setUp();
    await append(ledger, 'a');
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    let atOnce = 0;
    let most = 0;
    outlet.before = async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      begun.resolve();
      await gate.promise;
      atOnce -= 1;
    };
    const first = publisher.drain();
    await begun.promise;
    await append(ledger, 'b');
    const others = [publisher.drain(), publisher.drain(), publisher.drain()];
    gate.resolve();
    await Promise.all([first, ...others]);
    expect(outlet.published).toEqual(['a', 'b']);
    expect(most).toBe(1);
  });

  it('F59: brings a thousand reports of an hour without Redis in their order, none lost, a page at a time', async () => {
    const { clock, ledger, outlet, publisher } = setUp();
    let away = true;
    let largest = 0;
    const publish = outlet.publish.bind(outlet);
    outlet.publish = async (rows) => {
      largest = Math.max(largest, rows.length);
      // What goes wrong is found out when a part of a page is there.
      if (away) await publish(rows.slice(0, 3));
      if (away) throw new Error('Redis is away');
      await publish(rows);
    };
    const ids = Array.from({ length: 1_000 }, (_, index) => `r${index}`);
    for (const id of ids) {
      await append(ledger, id);
      await expect(publisher.drain()).rejects.toThrow('Redis is away');
      clock.advance(HOUR / ids.length);
    }
    expect(new Set(outlet.published)).toEqual(new Set(ids.slice(0, 3)));
    away = false;
    outlet.published.length = 0;
    await publisher.recover();
    expect(outlet.published).toEqual(ids);
    expect(largest).toBe(100);
  });

  it('resolves a waiting drain although the one before it failed', async () => {
    const { ledger, outlet, publisher } = setUp();
    await append(ledger, 'a');
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    outlet.before = async () => {
      begun.resolve();
      await gate.promise;
      outlet.before = async () => undefined;
      throw new Error('once');
    };
    const first = publisher.drain();
    await begun.promise;
    const second = publisher.drain();
    gate.resolve();
    await expect(first).rejects.toThrow('once');
    await second;
    expect(outlet.published).toEqual(['a']);
  });

  it('begins again where Redis was wiped between two messages: the mark never survives what it marks', async () => {
    const { ledger, outlet, publisher } = setUp();
    await append(ledger, 'a', 'b', 'c');
    outlet.before = async ({ id }) => {
      if (id !== 'b' || outlet.published.length > 1) return;
      outlet.published.length = 0;
      outlet.marked = null;
    };
    await publisher.drain();
    expect(outlet.published).toEqual(['b', 'c', 'a', 'b', 'c']);
    expect(outlet.marked).toBe(3);
  });

  it.each([
    ['before anything was marked', null],
    ['after a mark', 1],
  ])('sees that Redis was wiped while it publishes, %s', async (_, marked) => {
    const { ledger, outlet, publisher } = setUp();
    outlet.marked = marked;
    await append(ledger, 'a', 'b');
    outlet.before = async () => {
      outlet.before = async () => undefined;
      outlet.published.length = 0;
      outlet.marked = null;
    };
    await publisher.drain();
    expect(outlet.published).toEqual(marked === null ? ['a', 'b', 'a', 'b'] : ['b', 'a', 'b']);
  });

  it('asks for the mark once, and again when Redis may have lost it', async () => {
    const { ledger, outlet, publisher } = setUp();
    for (const id of ['a', 'b', 'c']) {
      await append(ledger, id);
      await publisher.drain();
    }
    expect([outlet.asked, outlet.published]).toEqual([1, ['a', 'b', 'c']]);
    outlet.marked = null;
    await publisher.recover();
    expect([outlet.asked, outlet.published]).toEqual([2, ['a', 'b', 'c', 'a', 'b', 'c']]);
  });
});
