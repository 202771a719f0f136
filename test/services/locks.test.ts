import { describe, expect, it } from 'vitest';
import { Locks } from '../../src/services/locks.ts';

/** Takes, and tells whether it was granted. */
function take(locks: Locks, ...names: string[]) {
  const taken = { granted: false, free: () => undefined as void };
  const granted = async () => {
    const held = await locks.take(names);
    taken.granted = true;
    taken.free = () => held[Symbol.dispose]();
  };
  void granted();
  return taken;
}

/** Lets everything run that only waits for promises. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

async function grants(...takers: { granted: boolean }[]): Promise<boolean[]> {
  await settled();
  return takers.map(({ granted }) => granted);
}

describe('locks', () => {
  it('grants what is free at once, and the same name one after the other', async () => {
    const locks = new Locks();
    const [a, b, other] = [take(locks, 'service:web'), take(locks, 'service:web'), take(locks, 'service:db')];
    expect(await grants(a, b, other)).toEqual([true, false, true]);
    a.free();
    expect(await grants(a, b)).toEqual([true, true]);
  });

  it.each([
    ['a path covers its children', ['path:/etc'], ['path:/etc/nginx/a'], true],
    ['a child collides with its parent', ['path:/etc/nginx/a'], ['path:/etc'], true],
    ['a path does not cover its neighbour with the same beginning', ['path:/etc/a'], ['path:/etc/ab'], false],
    ['only paths have children', ['service:web'], ['service:web/a'], false],
    ['the host excludes everything', ['host'], ['service:web'], true],
    ['everything excludes the host', ['probe:x'], ['host'], true],
    ['one common name of several is enough', ['a:1', 'b:2'], ['c:3', 'b:2'], true],
    ['nothing collides with nothing', [], ['host'], false],
  ])('%s', async (_, first, second, waits) => {
    const locks = new Locks();
    const [a, b] = [take(locks, ...first), take(locks, ...second)];
    expect(await grants(a, b)).toEqual([true, !waits]);
    a.free();
    expect(await grants(b)).toEqual([true]);
  });

  it('lets so many run at once, in the order of their coming, and never keeps back what had begun before', async () => {
    const locks = new Locks(2);
    const [a, b, c, d] = [take(locks, 'a:1'), take(locks, 'a:2'), take(locks, 'a:3'), take(locks, 'a:4')];
    expect(await grants(a, b, c, d)).toEqual([true, true, false, false]);
    const resumed = await locks.takeAgain(['a:5']);
    a.free();
    expect(await grants(c, d)).toEqual([false, false]);
    resumed[Symbol.dispose]();
    expect(await grants(c, d)).toEqual([true, false]);
    b.free();
    expect(await grants(d)).toEqual([true]);
  });

  it('lets nobody overtake an earlier one that it collides with', async () => {
    const locks = new Locks();
    const holder = take(locks, 'service:web');
    const wholeHost = take(locks, 'host');
    const later = take(locks, 'service:db');
    expect(await grants(holder, wholeHost, later)).toEqual([true, false, false]);
    holder.free();
    expect(await grants(wholeHost, later)).toEqual([true, false]);
    wholeHost.free();
    expect(await grants(later)).toEqual([true]);
  });

  it('lets those pass that collide with nobody before them', async () => {
    const locks = new Locks();
    take(locks, 'service:web');
    const waiting = take(locks, 'service:web', 'service:db');
    const free = take(locks, 'service:mail');
    expect(await grants(waiting, free)).toEqual([false, true]);
  });

  it('takes all of a task at once: who waits holds nothing', async () => {
    const locks = new Locks();
    const ab = take(locks, 'a:a', 'b:b');
    const bc = take(locks, 'b:b', 'c:c');
    const ca = take(locks, 'c:c', 'a:a');
    expect(await grants(ab, bc, ca)).toEqual([true, false, false]);
    ab.free();
    expect(await grants(bc, ca)).toEqual([true, false]);
    bc.free();
    expect(await grants(ca)).toEqual([true]);
  });

  it('grants several at once when the host is free again', async () => {
    const locks = new Locks();
    const host = take(locks, 'host');
    const [a, b] = [take(locks, 'a:a'), take(locks, 'b:b')];
    expect(await grants(a, b)).toEqual([false, false]);
    host.free();
    expect(await grants(a, b)).toEqual([true, true]);
  });

  it('grants nothing after close, although holders free what they hold', async () => {
    const locks = new Locks();
    const holder = take(locks, 'a:a');
    const waiting = take(locks, 'a:a');
    await settled();
    locks.close();
    const late = take(locks, 'b:b');
    holder.free();
    expect(await grants(waiting, late)).toEqual([false, false]);
  });

  it('frees once: disposing again takes nothing from others', async () => {
    const locks = new Locks();
    const first = take(locks, 'a:a');
    const second = take(locks, 'a:a');
    await settled();
    first.free();
    await settled();
    first.free();
    const third = take(locks, 'a:a');
    expect(await grants(second, third)).toEqual([true, false]);
  });
});
