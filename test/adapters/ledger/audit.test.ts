import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyAudit } from '../../../src/adapters/ledger/audit.ts';
import {
  actionsTask,
  runCommand,
  submit,
  TestClock,
  temporaryFolder,
  testLedger,
  testLine,
} from '../../services/support.ts';

const EVENTS = ['claimed', 'planned', 'step-applying', 'step-applied', 'concluded'];

async function chain() {
  const path = join(temporaryFolder(), 'ledger.db');
  const clock = new TestClock();
  const ledger = testLedger(clock, path);
  for (const [index, event] of EVENTS.entries()) {
    await ledger.commit(() => ledger.audit({ event, ...(index % 2 === 0 && { task_id: 't' }), detail: { n: index } }));
    clock.advance(1000);
  }
  const raw = (sql: string) => {
    const db = new DatabaseSync(path);
    onTestFinished(() => db.close());
    db.exec(sql);
  };
  return { ledger, raw, verify: () => verifyAudit(ledger.auditEntries(), ledger.reportedHeads()) };
}

/** The same, with a report that bears the head of its end. */
async function reported() {
  const made = await chain();
  const body = { evidence: { audit: made.ledger.auditHead() } };
  await made.ledger.commit(() => made.ledger.append('report', 'r', () => body));
  return made;
}

async function hashesAfter(first: string): Promise<string[]> {
  const ledger = testLedger();
  for (const event of [first, 'planned', 'concluded']) await ledger.commit(() => ledger.audit({ event }));
  return [...ledger.auditEntries()].map(({ hash }) => hash);
}

describe('the audit chain', () => {
  it('is whole, and its head is that of the last entry', async () => {
    const { ledger, verify } = await chain();
    expect(verify()).toEqual({ whole: 5, head: ledger.auditHead().head });
    const [first, second] = ledger.auditEntries();
    expect(first).toMatchObject({
      seq: 1,
      at: '2026-11-23T09:00:00Z',
      event: 'claimed',
      task_id: 't',
      detail: { n: 0 },
    });
    expect(second).not.toHaveProperty('task_id');
  });

  it('is whole when nothing happened yet', () => {
    const ledger = testLedger();
    expect(verifyAudit(ledger.auditEntries(), [])).toEqual({ whole: 0, head: ledger.auditHead().head });
    const known = Array.from({ length: 300_000 }, (_, n) => ({ seq: n + 1, head: 'x' }));
    expect(verifyAudit(ledger.auditEntries(), known)).toEqual({ cutAfter: 0 });
  });

  it.each([
    ['an edited event', "UPDATE audit SET event = 'nothing' WHERE seq = 3", 3],
    ['an edited time', "UPDATE audit SET at = '2026-11-23T09:00:09Z' WHERE seq = 2", 2],
    ['an edited task', "UPDATE audit SET task_id = 'other' WHERE seq = 1", 1],
    ['an added task', "UPDATE audit SET task_id = 't' WHERE seq = 2", 2],
    ['an edited detail', `UPDATE audit SET detail = '{"n":9}' WHERE seq = 4`, 4],
    ['a detail that is no JSON any more', "UPDATE audit SET detail = '{' WHERE seq = 4", 4],
    ['an edited hash', "UPDATE audit SET hash = 'sha256:0' WHERE seq = 5", 5],
    ['a deleted entry', 'DELETE FROM audit WHERE seq = 3', 4],
    ['a deleted beginning', 'DELETE FROM audit WHERE seq < 3', 3],
    [
      'a deleted entry whose followers were moved up',
      'DELETE FROM audit WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5',
      3,
    ],
    [
      'two entries that were swapped',
      'UPDATE audit SET seq = 99 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 99',
      2,
    ],
    [
      'an inserted entry',
      "INSERT INTO audit SELECT 6, at, 'forged', task_id, detail, hash FROM audit WHERE seq = 5",
      6,
    ],
  ])('T32: shows %s', async (_, sql, firstBad) => {
    const { raw, verify } = await chain();
    raw(sql);
    expect(verify()).toEqual({ firstBad });
  });

  it('T32: that lost its end is shorter than the head that went out with a report', async () => {
    const { raw, verify } = await reported();
    raw('DELETE FROM audit WHERE seq > 3');
    expect(verify()).toEqual({ cutAfter: 3 });
  });

  it('T32: that was written anew from some entry on does not have the head that went out with a report', async () => {
    const { ledger, raw, verify } = await reported();
    raw('DELETE FROM audit WHERE seq > 3');
    for (const event of ['other', 'than', 'it was']) await ledger.commit(() => ledger.audit({ event }));
    expect(verify()).toEqual({ firstBad: 5 });
  });

  it('T32: that lost its end with the reports of it agrees with itself, and not with a report that was kept elsewhere', async () => {
    const { ledger, raw, verify } = await reported();
    const kept = ledger.reportedHeads();
    raw('DELETE FROM audit WHERE seq > 3; DELETE FROM outbox');
    expect(verify()).toMatchObject({ whole: 3 });
    expect(verifyAudit(ledger.auditEntries(), kept)).toEqual({ cutAfter: 3 });
    for (const event of ['other', 'than', 'it was']) await ledger.commit(() => ledger.audit({ event }));
    const body = { evidence: { audit: ledger.auditHead() } };
    await ledger.commit(() => ledger.append('report', 'r', () => body));
    expect(verify()).toMatchObject({ whole: 6 });
    for (const known of [
      [...kept, ...ledger.reportedHeads()],
      [...ledger.reportedHeads(), ...kept],
    ])
      expect(verifyAudit(ledger.auditEntries(), known)).toEqual({ firstBad: 5 });
  });

  it('has other hashes from the first difference on, although the later entries are the same', async () => {
    const [one, other] = [await hashesAfter('claimed'), await hashesAfter('refused')];
    expect(one).toEqual(await hashesAfter('claimed'));
    expect(one.filter((hash) => other.includes(hash))).toEqual([]);
  });

  it('goes on from its head after a restart', async () => {
    const { ledger, verify } = await chain();
    await ledger.commit(() => ledger.audit({ event: 'more' }));
    expect(verify()).toMatchObject({ whole: 6 });
  });
});

it('T33: nothing starts where the audit log cannot be written', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const line = await testLine({ ledger: testLedger(new TestClock(), path) });
  const db = new DatabaseSync(path);
  db.exec("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room for it'); END");
  db.close();
  await expect(submit(line, actionsTask({ actions: [runCommand(['one'])] }))).rejects.toThrow('no room for it');
  expect([line.machine.ran, line.ledger.openTasks()]).toEqual([[], []]);
});
