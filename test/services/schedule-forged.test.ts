import { describe, expect, it } from 'vitest';
import { verifierBy } from '../../src/adapters/verify.ts';
import { attest } from '../../src/contract/attestation.ts';
import type { SlotTask } from '../../src/contract/task.ts';
import { define, deliverSlot, dueSlot, hostStatement } from './schedule-line.ts';
import { reports, roleKey, sign, TestClock, type TestLine, testKeys, testRing } from './support.ts';

const reasons = (line: TestLine) => reports(line.ledger).map(({ body }) => JSON.stringify(body));

const FORGED: Record<string, (task: SlotTask, line: TestLine) => Promise<[SlotTask, string[]]>> = {
  'wrong-digest: its signature is of another task': async (task, line) => [
    task,
    [await attest((await testKeys()).host, hostStatement(line, { ...task, reason: 'another one' }))],
  ],
  'not-requested: no host signed it': async (task) => [task, []],
  'wrong-role: Manager signed it': async (task) => [task, [await sign('manager', task)]],
  'unknown-key: a stranger signed it': async (task, line) => [
    task,
    [await attest(await roleKey('host', 'mini-1'), hostStatement(line, task))],
  ],
  'no-definition: it is not due': async (task, line) =>
    bySelf(
      { ...task, task_id: 'backup.20261123t090200z', slot: { ...task.slot, due_at: '2026-11-23T09:02:00Z' } },
      line,
    ),
  'no-definition: its id is that of another slot': async (task, line) =>
    bySelf({ ...task, task_id: 'backup.20261123t090200z' }, line),
  'no-definition: it is not its turn to be tried again': async (task, line) =>
    bySelf({ ...task, task_id: 'backup.20261123t090100z.r2' }, line),
  'no-definition: it has an older definition': async (task, line) => {
    await define(line, { purpose: 'Another one than before, of the same name' });
    return bySelf(task, line);
  },
  'no-definition: nobody knows it': async (task, line) =>
    bySelf({ ...task, slot: { ...task.slot, definition: `sha256:${'0'.repeat(64)}` } }, line),
  'wrong-host: it is of another host': async (task, line) => bySelf({ ...task, host: 'mini-2' }, line),
};

async function bySelf(task: SlotTask, line: TestLine): Promise<[SlotTask, string[]]> {
  return [task, [await attest((await testKeys()).host, hostStatement(line, task))]];
}

describe('F50: a forged slot is refused, and changes nothing', () => {
  it.each(Object.entries(FORGED))('%s', async (why, forge) => {
    const { line, task } = await dueSlot();
    const [forged, tokens] = await forge(task, line);
    const before = [line.ledger.slots('backup', 9), line.ledger.schedule('backup')];
    expect(await deliverSlot(line, forged, tokens)).toMatchObject({ kind: 'refused' });
    expect(reasons(line).at(-1)).toContain(`"reason":"${why.split(':')[0]}"`);
    expect([line.ledger.slots('backup', 9), line.ledger.schedule('backup')]).toEqual(before);
    expect(line.machine.contentOf('/var/backup')).toBeUndefined();
  });
});

it('F50: a slot is refused where another host signed it', async () => {
  const other = await roleKey('host', 'mini-2');
  const ring = await testRing(other);
  const clock = new TestClock();
  const { line, task } = await dueSlot({ clock, verifier: () => verifierBy(() => ring, clock) });
  const token = await attest(other, hostStatement(line, task));
  expect(await deliverSlot(line, task, [token])).toMatchObject({
    opsOutput: { blockers: [{ message: 'host (mini-2) has no say in this task' }] },
  });
  expect(reasons(line).at(-1)).toContain('"reason":"wrong-role"');
});
