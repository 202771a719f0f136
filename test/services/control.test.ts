import { describe, expect, it, vi } from 'vitest';
import type { Withdrawal } from '../../src/admission/facts.ts';
import { attest } from '../../src/contract/attestation.ts';
import { signControl } from '../../src/contract/control.ts';
import {
  actionsTask,
  HOUR,
  MemoryStream,
  roleKey,
  START,
  sign,
  TestClock,
  testKeys,
  testLine,
  withdrawal,
} from './support.ts';

async function setUp() {
  const told: { attested: string[]; withdrawn: Withdrawal[] } = { attested: [], withdrawn: [] };
  const line = await testLine({
    listener: { attested: (subject) => told.attested.push(subject), withdrawn: (one) => told.withdrawn.push(one) },
  });
  const inForce = (target: string) => line.ledger.withdrawals([target], line.clock.now());
  return { ...line, told, inForce };
}

const events = (line: Awaited<ReturnType<typeof setUp>>) => [...line.ledger.auditEntries()].map(({ event }) => event);

describe('control', () => {
  it('keeps a veto and a cancellation, tells of them and moves the cursor', async () => {
    const line = await setUp();
    line.stream.send(await withdrawal('veto', 'task:a', { reason: 'unsafe' }));
    line.stream.send(await withdrawal('cancel', 'plan:P', { role: 'manager' }));
    await line.control.catchUp();
    const veto = { verb: 'veto', target: 'task:a', reason: 'unsafe', by: 'savorg-security' };
    const cancel = { verb: 'cancel', target: 'plan:P', reason: 'not today', by: 'savorg-manager' };
    expect(line.told.withdrawn).toEqual([veto, cancel]);
    expect([line.inForce('task:a'), line.inForce('plan:P'), line.inForce('task:b')]).toEqual([[veto], [cancel], []]);
    expect(line.ledger.controlCursor()).toBe('2-0');
    expect(events(line)).toEqual(['veto', 'cancel']);
  });

  it('keeps a late attestation under its task or plan and tells of it', async () => {
    const line = await setUp();
    const task = actionsTask();
    const ofTask = await sign('security', task);
    const keys = await testKeys();
    const ofPlan = await attest(keys['plan-review'], {
      covers: { plan_id: 'plan-1', tasks: [`sha256:${'1'.repeat(64)}`] },
      issuedAt: new Date(START),
      validForMs: HOUR,
    });
    line.stream.send(ofTask);
    line.stream.send(ofPlan);
    await line.control.catchUp();
    expect(line.ledger.lateTokens([task.task_id])).toEqual([ofTask]);
    expect(line.ledger.lateTokens(['plan-1', task.task_id])).toEqual([ofTask, ofPlan]);
    expect(line.ledger.lateTokens(['other'])).toEqual([]);
    expect(line.told.attested).toEqual([`task:${task.task_id}`, 'plan:plan-1']);
  });

  it('T12: what does not verify changes nothing and is audited, and the next good one counts', async () => {
    const line = await setUp();
    const stranger = await roleKey('security', 'mallory');
    line.stream.add({ token: 'no token' });
    line.stream.add({});
    line.stream.add({ token: await withdrawal('veto', 'task:a'), more: 'fields' });
    const forged = { verb: 'veto', target: 'task:a', reason: 'x', issuedAt: new Date(START), validForMs: 1 } as const;
    line.stream.send(await signControl(stranger, { ...forged, jti: 'j' }));
    line.stream.send(`${(await withdrawal('veto', 'task:a')).slice(0, -4)}AAAA`);
    line.stream.send(await withdrawal('veto', 'task:a', { role: 'manager' }));
    line.stream.send((await sign('manager', actionsTask())).replace(/\.[^.]*$/, '.AAAA'));
    line.stream.send(await withdrawal('pause', 'host:*', { role: 'host' }));
    const good = line.stream.send(await withdrawal('veto', 'task:good'));
    await line.control.catchUp();
    expect(line.told).toMatchObject({ attested: [], withdrawn: [{ target: 'task:good' }] });
    expect(line.inForce('task:a')).toEqual([]);
    expect(line.ledger.controlCursor()).toBe(good);
    const entries = [...line.ledger.auditEntries()];
    expect(entries.slice(0, -1).map(({ event, detail }) => [event, detail])).toEqual(
      ['bad-token', 'malformed', 'malformed', 'unknown-key', 'bad-token', 'wrong-role', 'bad-token', 'wrong-role'].map(
        (reason, index) => ['control-rejected', { entry: `${index + 1}-0`, reason }],
      ),
    );
    expect(entries.at(-1)).toMatchObject({ event: 'veto', task_id: 'good' });
  });

  it('lets a cancellation end with its exp, and a veto never', async () => {
    const line = await setUp();
    line.stream.send(await withdrawal('cancel', 'task:a', { validForMs: HOUR }));
    line.stream.send(await withdrawal('veto', 'task:b'));
    await line.control.catchUp();
    line.clock.advance(HOUR - 1);
    expect(line.inForce('task:a')).toHaveLength(1);
    line.clock.advance(1);
    expect(line.inForce('task:a')).toEqual([]);
    line.clock.advance(10_000 * HOUR);
    expect(line.inForce('task:b')).toHaveLength(1);
  });

  it('passes over what had expired before it was read', async () => {
    const line = await setUp();
    line.stream.send(await withdrawal('cancel', 'task:a', { issuedAt: START - 2 * HOUR, validForMs: HOUR }));
    await line.control.catchUp();
    expect(line.told.withdrawn).toEqual([]);
  });

  it('does not end a running task by a statement that it ignores', async () => {
    const line = await setUp();
    const old = await withdrawal('cancel', 'task:a', { issuedAt: START - 9000, validForMs: 9 * HOUR, reason: 'old' });
    line.stream.send(
      await withdrawal('cancel', 'task:a', { issuedAt: START - 1000, validForMs: 60_000, reason: 'new' }),
    );
    await line.control.catchUp();
    line.clock.advance(HOUR);
    line.stream.send(old);
    await line.control.catchUp();
    expect(line.inForce('task:a')).toEqual([]);
    expect(line.told.withdrawn).toMatchObject([{ reason: 'new' }]);
  });

  it('reads one page after the other, to the end', async () => {
    const line = await setUp();
    for (let n = 1; n <= 250; n += 1) line.stream.add({ token: 'junk' });
    await line.control.catchUp();
    expect(line.stream.asked).toEqual(['0-0', '100-0', '200-0', '250-0']);
  });

  it('applies and tells each entry once, however many ask', async () => {
    const line = await setUp();
    line.stream.send(await withdrawal('veto', 'task:a'));
    await Promise.all([line.control.catchUp(), line.control.catchUp(), line.control.catchUp()]);
    expect(line.told.withdrawn).toHaveLength(1);
    expect(events(line)).toEqual(['veto']);
    expect(line.stream.asked).toEqual(['0-0', '1-0']);
  });

  it('reads once for all who ask before it begins, and again for who asks later', async () => {
    const line = await setUp();
    const gate = Promise.withResolvers<void>();
    const after = line.stream.after.bind(line.stream);
    line.stream.after = async (cursor) => {
      const entries = await after(cursor);
      await gate.promise;
      return entries;
    };
    const first = line.control.catchUp();
    await vi.waitFor(() => expect(line.stream.asked).toHaveLength(1));
    // The reading under way has passed it already.
    line.stream.send(await withdrawal('veto', 'task:a'));
    const others = [line.control.catchUp(), line.control.catchUp(), line.control.catchUp()];
    gate.resolve();
    await first;
    expect(line.inForce('task:a')).toEqual([]);
    await Promise.all(others);
    expect(line.inForce('task:a')).toHaveLength(1);
    expect(line.stream.asked).toEqual(['0-0', '0-0', '1-0']);
  });

  it('rejects where the stream cannot be read, keeps its cursor, and reads it the next time', async () => {
    class Broken extends MemoryStream {
      broken = true;
      override after(cursor: string) {
        return this.broken ? Promise.reject(new Error('Redis is away')) : super.after(cursor);
      }
    }
    const stream = new Broken();
    const line = await testLine({ stream, clock: new TestClock() });
    stream.send(await withdrawal('veto', 'task:a'));
    await expect(line.control.catchUp()).rejects.toThrow('Redis is away');
    expect(line.ledger.controlCursor()).toBe('0-0');
    stream.broken = false;
    await line.control.catchUp();
    expect(line.ledger.withdrawals(['task:a'], START)).toHaveLength(1);
  });
});
