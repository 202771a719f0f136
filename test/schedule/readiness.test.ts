import { describe, expect, it } from 'vitest';
import type { Definition } from '../../src/schedule/definition.ts';
import {
  type Prerequisite,
  readiness,
  type Surroundings,
  unmetBy,
  type WaitingSlot,
} from '../../src/schedule/readiness.ts';
import { definition } from '../support/definitions.ts';

const HOUR = 3600_000;
const NOW = Date.parse('2026-11-23T12:00:00Z');
const ON_TIME = { late: false };
const LATE = { late: true };
const waits = (why: string) => ({ kind: 'wait', why });
const BEFORE = 'the slot before it has not ended';

function verdict(more: Partial<WaitingSlot & Surroundings> & { overlap?: Definition['overlap'] } = {}, now = NOW) {
  const slot = { dueAt: NOW, late: false, claimedAt: NOW, startAt: 0, ...more };
  const around = { earlier: [], unmet: null, catchingUp: 0, ...more };
  return readiness(slot, definition({ overlap: more.overlap ?? 'skip' }), around, now);
}

describe('a slot', () => {
  it('goes where nothing is in its way', () => {
    expect(verdict()).toEqual({ kind: 'go' });
  });

  it('waits for its next try to the millisecond', () => {
    expect(verdict({ startAt: NOW + 1 })).toEqual(waits('the next try is still to come'));
    expect(verdict({ startAt: NOW })).toEqual({ kind: 'go' });
  });

  it.each([
    ['skip', { kind: 'skip', why: BEFORE }],
    ['queue', waits(BEFORE)],
    ['replace', { kind: 'replace' }],
  ] as const)('behind another one follows its overlap: %s', (overlap, expected) => {
    expect(verdict({ overlap, earlier: [ON_TIME] })).toEqual(expected);
  });

  it.each(['skip', 'queue', 'replace'] as const)(
    'F50: behind what is caught up, or caught up itself, waits: %s',
    (overlap) => {
      expect(verdict({ overlap, earlier: [LATE, ON_TIME] })).toEqual(waits(BEFORE));
      expect(verdict({ overlap, late: true, earlier: [ON_TIME] })).toEqual(waits(BEFORE));
    },
  );

  it('F50: is not the 101st to wait, where it is not caught up', () => {
    const earlier = Array.from({ length: 100 }, () => ON_TIME);
    expect(verdict({ overlap: 'queue', earlier })).toEqual({ kind: 'skip', why: '100 slots wait before it' });
    expect(verdict({ overlap: 'queue', earlier: earlier.slice(1) })).toEqual(waits(BEFORE));
    expect(verdict({ overlap: 'queue', earlier, late: true })).toEqual(waits(BEFORE));
  });

  it('F50: is not the fifth that is caught up at once; what is on time does not wait for those', () => {
    expect(verdict({ late: true, catchingUp: 3 })).toEqual({ kind: 'go' });
    expect(verdict({ late: true, catchingUp: 4 })).toEqual(waits('other slots are caught up first'));
    expect(verdict({ catchingUp: 4 })).toEqual({ kind: 'go' });
  });

  it('waits for what it depends on as long as it may, since its claim or its next try', () => {
    const unmet = { name: 'first', why: 'first has not ended', pending: true };
    expect(verdict({ unmet }, NOW + HOUR - 1)).toEqual({ ...waits(unmet.why), unmet });
    expect(verdict({ unmet }, NOW + HOUR)).toEqual({ kind: 'skip', why: 'it waited too long: first has not ended' });
    expect(verdict({ unmet, startAt: NOW + HOUR }, NOW + HOUR)).toEqual({ ...waits(unmet.why), unmet });
  });
});

describe('what another schedule is to it', () => {
  const PREREQUISITE: Prerequisite = {
    name: 'first',
    paused: '',
    open: false,
    newest: { at: NOW, well: true },
    dueAt: NOW,
  };
  it.each([
    [{}, null],
    [{ paused: null }, 'first is not defined on this host'],
    [{ open: true }, 'first has not ended'],
    [{ newest: { at: NOW, well: false } }, 'first did not end well'],
    [{ newest: { at: NOW - 1, well: true } }, 'first has not run in this period'],
    [{ newest: { at: NOW - 1, well: false } }, 'first has not run in this period'],
    [{ newest: null }, 'first has not run in this period'],
    [{ newest: null, paused: 'not today' }, 'first is paused: not today'],
    // What ran in its period before it was paused is enough.
    [{ paused: 'not today' }, null],
    [{ dueAt: null }, null],
    [{ dueAt: null, newest: null }, 'first has not run in this period'],
  ])('%j: %s', (more, why) => {
    const unmet = unmetBy({ ...PREREQUISITE, ...more });
    expect(unmet?.why ?? null).toBe(why);
    expect(unmet?.pending ?? false).toBe(why === 'first has not ended');
  });
});
