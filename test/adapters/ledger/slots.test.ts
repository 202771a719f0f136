import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/adapters/clock.ts';
import { openLedger } from '../../../src/adapters/ledger/index.ts';
import type { SlotRecord } from '../../../src/services/schedules.ts';
import { newSlot } from '../../../src/services/slot-records.ts';

const ledger = openLedger(join(mkdtempSync(join(tmpdir(), 'ops-slots-')), 'ledger.db'), systemClock);

/** Written as e.g. `a3`: schedule and time. */
const named = ({ schedule, dueAt }: SlotRecord) => `${schedule}${dueAt}`;

const add = (schedule: string, dueAt: number, more: Partial<SlotRecord> = {}) =>
  ledger.addSlot(newSlot({ schedule, dueAt, digest: 'd', claimedAt: 0, ...more }));

beforeAll(() =>
  ledger.commit(() => {
    add('b', 2);
    add('a', 3);
    add('a', 1, { state: 'ran', endedAt: 1 });
    add('a', 2, { state: 'enqueued', late: true });
    add('a', 4, { state: 'enqueued' });
    add('c', 1, { state: 'waiting', late: true });
    add('c', 2, { state: 'caught-up', late: true, endedAt: 2 });
  }),
);
afterAll(() => ledger.close());

describe('slots in the ledger', () => {
  it('that are open come in the order in which they were due', () => {
    expect(ledger.openSlots().map(named)).toEqual(['c1', 'a2', 'b2', 'a3', 'a4']);
  });

  it('that wait are those that are open and not on the queue', async () => {
    expect(ledger.someSlotWaits()).toBe(true);
    const waiting = ledger.openSlots().filter(({ state }) => state === 'waiting');
    expect(waiting.map(named)).toEqual(['c1', 'b2', 'a3']);
    await ledger.commit(() => waiting.map((slot) => ledger.changeSlot(slot, { state: 'enqueued' })));
    expect(ledger.someSlotWaits()).toBe(false);
  });
});
