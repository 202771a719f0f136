import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../../src/services/ledger.ts';
import type { SlotRecord } from '../../../src/services/schedules.ts';
import { newSlot, passedSlots } from '../../../src/services/slot-records.ts';
import { actionsTask, HOUR, START, testLedger } from '../../services/support.ts';
import { definition } from '../../support/definitions.ts';

const ROW = { digest: 'sha256:1', task_id: 'define-1', paused: '' };

function setUp() {
  const ledger = testLedger();
  ledger.write(() => {
    ledger.addDefinition('sha256:1', definition());
    ledger.addDefinition('sha256:2', definition({ purpose: 'Another purpose than the first' }));
    ledger.putSchedule('backup', ROW, START);
  });
  return ledger;
}

const slotAt = (dueAt: number, more: Partial<SlotRecord> = {}) =>
  newSlot({ schedule: 'backup', dueAt, digest: 'sha256:1', claimedAt: dueAt, ...more });
const missed = (from: number, until: number, count: number) =>
  passedSlots(
    { from, until, count },
    { schedule: 'backup', digest: 'sha256:1', claimedAt: until, state: 'missed', reason: 'away' },
  );
const add = (ledger: Ledger, ...slots: SlotRecord[]) => ledger.write(() => slots.map((slot) => ledger.addSlot(slot)));
const due = (ledger: Ledger) => ledger.slots('backup', 99).map(({ dueAt }) => dueAt);

describe('a schedule', () => {
  it('has no slots before it began, and keeps what is not changed', () => {
    const ledger = setUp();
    const standing = { 'schedule-failed': 'alert-1' };
    ledger.write(() => ledger.changeSchedule('backup', { failures: 2, standing }));
    expect(ledger.schedule('backup')).toEqual({
      ...ROW,
      name: 'backup',
      definition: definition(),
      accountedUntil: START,
      failures: 2,
      standing,
    });
  });

  it.each([
    [{ digest: 'sha256:2' }, 0],
    [{ paused: 'not today' }, 2],
    [{ task_id: 'define-2' }, 2],
  ])('F50: that becomes %j begins anew from then, never from before', (more, failures) => {
    const ledger = setUp();
    ledger.write(() => ledger.changeSchedule('backup', { failures: 2 }));
    ledger.write(() => ledger.putSchedule('backup', { ...ROW, ...more }, START + HOUR));
    expect(ledger.schedule('backup')).toMatchObject({ ...more, accountedUntil: START + HOUR, failures });
    ledger.write(() => ledger.putSchedule('backup', ROW, START));
    expect(ledger.schedule('backup')?.accountedUntil).toBe(START + HOUR);
  });

  it('that is taken away leaves its slots and its definition', () => {
    const ledger = setUp();
    add(ledger, slotAt(START));
    ledger.write(() => ledger.putSchedule('backup', null, START));
    expect([ledger.schedules(), due(ledger)]).toEqual([[], [START]]);
    expect(ledger.definition('sha256:1')).toEqual(definition());
    expect(ledger.definition('sha256:3')).toBeUndefined();
  });

  it('has one definition for a digest, for ever', () => {
    const ledger = setUp();
    ledger.write(() => ledger.addDefinition('sha256:1', definition({ purpose: 'Something else entirely' })));
    expect(ledger.definition('sha256:1')).toEqual(definition());
  });
});

describe('a slot', () => {
  it('F50: is there once', () => {
    const ledger = setUp();
    expect(add(ledger, slotAt(START), slotAt(START, { state: 'ran' }), slotAt(START + 1))).toEqual([true, false, true]);
    expect(ledger.slot(slotAt(START))).toEqual(slotAt(START));
  });

  it('changes as told, and nothing is made where there is none', () => {
    const ledger = setUp();
    add(ledger, slotAt(START));
    ledger.write(() => ledger.changeSlot(slotAt(START), { state: 'enqueued', enqueuedAt: START + 5, late: true }));
    ledger.write(() => ledger.changeSlot(slotAt(START + 1), { state: 'enqueued' }));
    expect(ledger.slots('backup', 9)).toEqual([
      slotAt(START, { state: 'enqueued', enqueuedAt: START + 5, late: true }),
    ]);
  });

  it('is listed while it is open in the order in which it was due, of all schedules', () => {
    const ledger = setUp();
    const other = slotAt(START, { schedule: 'another', state: 'enqueued' });
    add(ledger, slotAt(START + 2), slotAt(START + 1, { state: 'ran' }), slotAt(START), other);
    expect(ledger.openSlots()).toEqual([other, slotAt(START), slotAt(START + 2)]);
  });

  it('is listed among the runs where it came to an outcome, the newest first', () => {
    const ledger = setUp();
    const ran = [START, START + 1].map((at) => slotAt(at, { state: 'ran', outcome: 'failed' }));
    add(ledger, ...ran, slotAt(START + 2, { state: 'skipped' }));
    expect(ledger.runs('backup', 9)).toEqual(ran.toReversed());
    expect(ledger.runs('backup', 1)).toHaveLength(1);
    expect(ledger.runs('another', 9)).toEqual([]);
  });
});

describe('F48: where the clock was ahead, and is accepted', () => {
  const RIGHT = START + HOUR;

  async function accept(ledger: Ledger) {
    ledger.write(() => ledger.sawTime(START + 100 * HOUR));
    ledger.write(() => ledger.changeSchedule('backup', { accountedUntil: START + 100 * HOUR }));
    expect(await ledger.commit(() => ledger.acceptTime(START + 100 * HOUR, RIGHT))).toBe(true);
    return ledger.schedule('backup')?.accountedUntil;
  }

  it('what is due later and has not begun is forgotten, whatever was written of it; the rest stays', async () => {
    const ledger = setUp();
    const stays = [
      slotAt(RIGHT - 1, { state: 'ran', outcome: 'completed' }),
      slotAt(RIGHT, { state: 'skipped' }),
      slotAt(Date.parse('2026-11-23T11:00:00Z'), { state: 'ran', outcome: 'completed' }),
    ];
    const states = ['waiting', 'enqueued', 'skipped', 'vetoed', 'missed'] as const;
    add(ledger, ...stays, ...states.map((state, n) => slotAt(RIGHT + n + 1, { state })));
    const task = actionsTask({ task_id: 'backup.20261123t110000z' });
    ledger.write(() => ledger.claim({ task, digest: 'sha256:9', tokens: [], attestedBy: [], claimedAt: START }));
    expect(await accept(ledger)).toBe(RIGHT);
    expect(due(ledger)).toEqual(stays.map(({ dueAt }) => dueAt).toReversed());
  });

  it('a record of several slots that ends later is forgotten whole, and they are accounted for anew', async () => {
    const ledger = setUp();
    add(ledger, missed(START + 1, START + 2, 2), missed(START + 10, RIGHT + 1, 50));
    expect(await accept(ledger)).toBe(START + 9);
    expect(due(ledger)).toEqual([START + 1]);
  });

  it('what waits is not kept back by a time that never was; a later try stays one', async () => {
    const ledger = setUp();
    const far = { claimedAt: START + 90 * HOUR, startAt: START + 99 * HOUR };
    add(ledger, slotAt(START + 1, { ...far, state: 'enqueued', enqueuedAt: START + 90 * HOUR }));
    add(ledger, slotAt(START + 2 * HOUR, { ...far, attempt: 2 }));
    await accept(ledger);
    const ready = { claimedAt: RIGHT, startAt: RIGHT, state: 'waiting', enqueuedAt: null };
    expect(ledger.openSlots()).toMatchObject([
      { ...ready, attempt: 1 },
      { ...ready, attempt: 2 },
    ]);
  });
});
