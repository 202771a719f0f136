import { describe, expect, it } from 'vitest';
import { Flood } from '../../src/services/flood.ts';
import { TestClock } from './support.ts';

function flood() {
  const clock = new TestClock();
  const told: number[] = [];
  const gate = new Flood(clock, async (rest) => void told.push(rest));
  const admit = (times: number) => Array.from({ length: times }, () => gate.admit()).filter(Boolean).length;
  return { clock, told, admit };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('flood', () => {
  it('T14: lets 60 a minute through and tells the number of the rest at the end of the minute', async () => {
    const { clock, told, admit } = flood();
    expect(admit(60)).toBe(60);
    expect(clock.sleeping).toBe(0);
    clock.advance(20_000);
    expect(admit(25)).toBe(0);
    clock.advance(39_999);
    await settled();
    expect(told).toEqual([]);
    clock.advance(1);
    await settled();
    expect(told).toEqual([25]);
  });

  it('begins anew with each minute', async () => {
    const { clock, told, admit } = flood();
    expect(admit(61)).toBe(60);
    clock.advance(60_000);
    await settled();
    expect(admit(70)).toBe(60);
    clock.advance(60_000);
    await settled();
    expect(told).toEqual([1, 10]);
  });

  it('says nothing where nothing was held back', async () => {
    const { clock, told, admit } = flood();
    admit(60);
    clock.advance(60_000);
    admit(60);
    clock.advance(60_000);
    await settled();
    expect(told).toEqual([]);
  });

  it('tells the right number although the next minute began before its timer fired', async () => {
    const { clock, told, admit } = flood();
    expect(admit(100)).toBe(60);
    clock.pass(60_001);
    expect(admit(3)).toBe(3);
    clock.wake();
    await settled();
    expect(told).toEqual([40]);
  });
});
