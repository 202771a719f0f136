import { copyFileSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyAudit } from '../../../src/adapters/ledger/audit.ts';
import { openLedger } from '../../../src/adapters/ledger/index.ts';
import { OpsError } from '../../../src/errors.ts';
import type { Ledger } from '../../../src/services/ledger.ts';
import { actionsTask, START, TestClock, temporaryFolder, testLedger } from '../../services/support.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const names = (count: number) => Array.from({ length: count }, (_, n) => `task-${n}`);

function claim(ledger: Ledger, task_id: string): Promise<void> {
  return ledger.commit(() => {
    ledger.claim({ task: actionsTask({ task_id }), digest, tokens: [], attestedBy: [], claimedAt: START });
    ledger.audit({ event: 'claimed', task_id, detail: { digest } });
  });
}

/** Which of these tasks a ledger knows, where one that cannot be read is not forgotten, and what its audit log says. */
function lookInto(ledger: Ledger, taskIds: readonly string[]) {
  const known = taskIds.map((taskId) => {
    try {
      return ledger.task(taskId) !== undefined;
    } catch {
      return true;
    }
  });
  const verdict = verifyAudit(ledger.auditEntries(), []);
  ledger.close();
  return { known, verdict };
}

/** What a daemon makes of a ledger of these tasks, in one word where that is good. */
function outcomeOf(path: string, taskIds: readonly string[]): string {
  const ledger = opened(path);
  if (ledger instanceof OpsError) return ledger.message.startsWith(`the ledger ${path} `) ? 'refused' : ledger.message;
  const { known, verdict } = lookInto(ledger, taskIds);
  if (known.includes(false)) return 'a task was forgotten';
  if ('firstBad' in verdict) return 'audit log changed';
  return 'whole' in verdict && verdict.whole === taskIds.length ? 'whole' : 'the audit log lost entries';
}

function opened(path: string): Ledger | OpsError {
  try {
    return openLedger(path, new TestClock());
  } catch (error) {
    if (error instanceof OpsError) return error;
    throw error;
  }
}

describe('a ledger that was torn', () => {
  it('F46: anywhere in its last transaction has all the others, and that one whole or not at all', async () => {
    const folder = temporaryFolder();
    const [path, torn] = [join(folder, 'ledger.db'), join(folder, 'torn.db')];
    const ledger = testLedger(new TestClock(), path);
    const taskIds = names(6);
    for (const taskId of taskIds.slice(0, -1)) await claim(ledger, taskId);
    const before = statSync(`${path}-wal`).size;
    await claim(ledger, 'task-5');
    const after = statSync(`${path}-wal`).size;
    expect(after).toBeGreaterThan(before);
    const cuts = [before, before + 1, before + 23, before + 24, before + 4119, before + 4120, after - 1, after];
    for (let at = before; at < after; at += 997) cuts.push(at);
    for (const at of cuts) {
      copyFileSync(path, torn);
      copyFileSync(`${path}-wal`, `${torn}-wal`);
      truncateSync(`${torn}-wal`, at);
      const whole = at === after;
      expect(lookInto(openLedger(torn, new TestClock()), taskIds)).toMatchObject({
        known: [true, true, true, true, true, whole],
        verdict: { whole: whole ? 6 : 5 },
      });
    }
  });
});

/** A ledger of so many tasks, in one file. */
async function oldLedger(count: number) {
  const path = join(temporaryFolder(), 'ledger.db');
  const ledger = openLedger(path, new TestClock());
  const taskIds = names(count);
  for (const taskId of taskIds) await claim(ledger, taskId);
  ledger.close();
  return { path, taskIds, bytes: readFileSync(path) };
}

describe('a ledger in which a bit is flipped', () => {
  it('F46: is refused with the reason, or forgets no task that was claimed, and shows every change of its audit log', async () => {
    const { path, taskIds, bytes } = await oldLedger(60);
    let refused = 0;
    const flip = fc.record({ at: fc.nat(bytes.length - 1), bit: fc.nat(7) });
    fc.assert(
      fc.property(flip, ({ at, bit }) => {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << bit), at);
        writeFileSync(path, flipped);
        const outcome = outcomeOf(path, taskIds);
        refused += outcome === 'refused' ? 1 : 0;
        expect(['refused', 'whole', 'audit log changed']).toContain(outcome);
      }),
      { numRuns: 150, seed: 46 },
    );
    expect(refused).toBeGreaterThan(5);
  });

  it('F46: is refused where a task could not be found any more by its id', async () => {
    const { path } = await oldLedger(20);
    const db = new DatabaseSync(path);
    const { rootpage } = db
      .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_tasks_1'")
      .get() as {
      rootpage: number;
    };
    const { page_size: pageSize } = db.prepare('PRAGMA page_size').get() as { page_size: number };
    db.close();
    const bytes = readFileSync(path);
    const at = bytes.indexOf('task-', (rootpage - 1) * pageSize);
    bytes.write('tusk-', at);
    writeFileSync(path, bytes);
    expect(() => openLedger(path, new TestClock())).toThrow(/cannot be used: .*(?:index|row)/);
  });
});

describe('a ledger whose file somebody', () => {
  it.each([
    ['moves away', (path: string) => renameSync(path, `${path}.old`)],
    [
      'replaces',
      (path: string) => {
        copyFileSync(path, `${path}.new`);
        renameSync(`${path}.new`, path);
      },
    ],
  ])('F46: %s under the daemon takes no more claims: they would be gone with it', async (_, harm) => {
    const path = join(temporaryFolder(), 'ledger.db');
    const ledger = testLedger(new TestClock(), path);
    await claim(ledger, 'before');
    harm(path);
    await expect(claim(ledger, 'after')).rejects.toThrow('the ledger could not be written');
    expect((await ledger.failure).cause).toMatchObject({
      message: expect.stringMatching(/^somebody took .*ledger\.db away/),
    });
  });
});

it('F46: a row that is no longer JSON is named: it is the reason of safe mode', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const ledger = testLedger(new TestClock(), path);
  await claim(ledger, 'task-1');
  using db = new DatabaseSync(path);
  db.exec('UPDATE tasks SET task = substr(task, 2)');
  expect(() => ledger.openTasks()).toThrow(/^the ledger is damaged, task of task-1 cannot be read: /);
});
