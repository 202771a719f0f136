import { describe, expect, it } from 'vitest';
import type { Alerter } from '../../src/services/alerter.ts';
import { Flood } from '../../src/services/flood.ts';
import { type Poison, Quarantine } from '../../src/services/quarantine.ts';
import { TestClock } from './support.ts';

type Finding = Omit<Poison, 'contents' | 'remove'>;

/** A quarantine over queues and files in memory; `did` has everything in its order. */
function setUp(found: Finding[], broken: { alert?: boolean } = {}) {
  const clock = new TestClock();
  const did: string[] = [];
  const raise: Alerter['raise'] = async (_, { code, subject, message }) => {
    if (broken.alert) throw new Error('the disk is full');
    did.push(`${code} ${subject}: ${message.replace(/[0-9a-z]{26}/, 'ID')}`);
  };
  const flood: Alerter['flood'] = (code, message) =>
    new Flood(clock, async (count) => void did.push(`${code}: ${message(count)}`));
  const quarantine = new Quarantine({
    clock,
    queues: {
      find: async () =>
        found.splice(0, 100).map((one) => ({
          ...one,
          contents: async () => ['ats', 'x'],
          remove: async () => void did.push(`removed ${one.name.toString()}`),
        })),
    },
    files: {
      keep: async (name, content) => {
        did.push(`kept ${(content as { what: string }).what}`);
        return `/var/${name}`;
      },
    },
    alerter: { raise, flood },
  });
  return { clock, did, quarantine };
}

const poison = (name: string, isJob = true): Finding => ({
  queue: 'ops',
  name: Buffer.from(name),
  isJob,
  why: 'is odd',
});

describe('quarantine', () => {
  it('F32: keeps what it found, tells of it, and only then takes it out of its queue', async () => {
    const { did, quarantine } = setUp([poison('task-1'), poison('wait', false)]);
    await quarantine.sweep();
    expect(did).toEqual([
      'kept the job task-1',
      'quarantined queue:ops: the job task-1 is odd; set aside in /var/ID.json',
      'removed task-1',
      'kept the key wait',
      'quarantined queue:ops: the key wait is odd; set aside in /var/ID.json',
      'removed wait',
    ]);
  });

  it('goes on until nothing is left, or only what comes back each time', async () => {
    const many = setUp(Array.from({ length: 250 }, (_, n) => poison(`task-${n}`)));
    await many.quarantine.sweep();
    expect(many.did.filter((line) => line.startsWith('removed'))).toHaveLength(250);
    const endless = setUp(Array.from({ length: 20_000 }, (_, n) => poison(`task-${n}`)));
    await endless.quarantine.sweep();
    expect(endless.did.filter((line) => line.startsWith('removed'))).toHaveLength(10_000);
  });

  it('leaves it where it is when nobody could be told', async () => {
    const { did, quarantine } = setUp([poison('task-1')], { alert: true });
    await expect(quarantine.sweep()).rejects.toThrow('the disk is full');
    expect(did).toEqual(['kept the job task-1']);
  });

  it('T14: tells of 60 a minute one by one, and of the rest by their number', async () => {
    const { clock, did, quarantine } = setUp(Array.from({ length: 100 }, (_, n) => poison(`task-${n}`)));
    await quarantine.sweep();
    const alerts = () => did.filter((line) => line.startsWith('quarantine'));
    const count = (what: string) => did.filter((line) => line.startsWith(what)).length;
    expect([alerts().length, count('kept'), count('removed')]).toEqual([60, 60, 100]);
    clock.advance(60_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(alerts().slice(60)).toEqual([
      'quarantine-flood: 40 more entries that could not be delivered were taken out in one minute and not kept',
    ]);
  });

  it('names a job as far as its name is text, and 120 characters of it', async () => {
    const { did, quarantine } = setUp([
      { ...poison(''), name: Buffer.from(`${'\xff'.repeat(3)}${'x'.repeat(500)}`, 'latin1') },
    ]);
    await quarantine.sweep();
    expect(did[0]).toBe(`kept the job ${'\ufffd'.repeat(3)}${'x'.repeat(117)}`);
  });
});
