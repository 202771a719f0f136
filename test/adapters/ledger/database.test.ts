import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { migrate } from '../../../src/adapters/ledger/database.ts';
import { MIGRATIONS } from '../../../src/adapters/ledger/migrations.ts';
import { newSlot } from '../../../src/services/slot-records.ts';
import { releaseOf } from '../../jobs/apps.ts';
import { TestClock, temporaryFolder, testLedger } from '../../services/support.ts';

const FIRST = "CREATE TABLE a (x TEXT); INSERT INTO a VALUES ('kept');";
const SECOND = "ALTER TABLE a RENAME COLUMN x TO y; INSERT INTO a VALUES ('new');";

function database(...scripts: string[]) {
  const db = new DatabaseSync(':memory:');
  onTestFinished(() => db.close());
  migrate(db, scripts);
  const version = () => db.prepare('PRAGMA user_version').get()?.['user_version'];
  const rows = () => db.prepare('SELECT * FROM a').all();
  return { db, version, rows };
}

it('is made by all scripts in their order', () => {
  const { version, rows } = database(FIRST, SECOND);
  expect([version(), rows()]).toEqual([2, [{ y: 'kept' }, { y: 'new' }]]);
});

it('of an older version is brought up to date by those it has not seen, once', () => {
  const { db, version, rows } = database(FIRST);
  expect([version(), rows()]).toEqual([1, [{ x: 'kept' }]]);
  migrate(db, [FIRST, SECOND]);
  migrate(db, [FIRST, SECOND]);
  expect([version(), rows()]).toEqual([2, [{ y: 'kept' }, { y: 'new' }]]);
});

it('stays as it was where one of them fails', () => {
  const { db, version, rows } = database(FIRST);
  expect(() => migrate(db, [FIRST, SECOND, 'CREATE TABLE a (z TEXT);'])).toThrow(/already exists/);
  expect([version(), rows()]).toEqual([1, [{ x: 'kept' }]]);
  expect(db.isTransaction).toBe(false);
});

it('of version 1 keeps its vetoes, its cancellations and its held tasks', () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const db = new DatabaseSync(path);
  migrate(db, MIGRATIONS.slice(0, 1));
  db.exec(`
    INSERT INTO meta VALUES ('born_at', '1'), ('control_cursor', '7-0');
    INSERT INTO withdrawals VALUES
      ('task:a', 'veto', 'unsafe', 'sec', 5, NULL, 'token a'), ('task:a', 'cancel', 'later', 'op', 6, 9, 'token b');
    INSERT INTO held VALUES ('ops', 'a', 'sha256:0', 'a', 'config', '{}', '["not-cleared"]', 99);
  `);
  db.close();
  const ledger = testLedger(new TestClock(), path);
  const by = { target: 'task:a', verb: 'veto', reason: 'unsafe', by: 'sec' };
  expect(ledger.withdrawals(['task:a'], 8_000)).toEqual([by, { ...by, verb: 'cancel', reason: 'later', by: 'op' }]);
  expect(ledger.withdrawals(['task:a'], 9_000)).toEqual([by]);
  expect(ledger.held()).toMatchObject([{ task_id: 'a', missing: ['not-cleared'], until: 99 }]);
  expect([ledger.controlCursor(), ledger.vetoesToRestore(9)]).toEqual(['7-0', []]);
  ledger.write(() => ledger.forgetControlStream());
  expect(ledger.vetoesToRestore(9)).toEqual([{ target: 'task:a', token: 'token a' }]);
});

it('of version 3 keeps all that it has, and has no schedules', () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const db = new DatabaseSync(path);
  migrate(db, MIGRATIONS.slice(0, 3));
  db.exec(`
    INSERT INTO meta VALUES ('born_at', '1'), ('high_water_at', '60000');
    INSERT INTO tasks VALUES ('a', 'sha256:0', '{"task_id":"a"}', '[]', '[]', 5, NULL, NULL, NULL, NULL, NULL);
    INSERT INTO late_tokens VALUES ('token', 'task-a', 'sec', 7);
  `);
  db.close();
  const ledger = testLedger(new TestClock(), path);
  expect(ledger.openTasks()).toMatchObject([{ digest: 'sha256:0', claimedAt: 5 }]);
  expect([ledger.latestTime(), ledger.lateTokens(['task-a'])]).toEqual([60_000, ['token']]);
  expect([ledger.schedules(), ledger.openSlots(), ledger.slots('backup', 9)]).toEqual([[], [], []]);
  const slot = newSlot({ schedule: 'backup', dueAt: 1, digest: 'sha256:1', claimedAt: 2 });
  expect(ledger.write(() => ledger.addSlot(slot))).toBe(true);
  expect(ledger.slot(slot)).toEqual(slot);
});

it('of version 4 keeps the text that its file steps write', () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const db = new DatabaseSync(path);
  migrate(db, MIGRATIONS.slice(0, 4));
  const stored = {
    kind: 'file',
    target: '/a',
    title: 'write /a',
    path: '/a',
    mode: null,
    owner: null,
    before: { exists: false },
  };
  const add = db.prepare("INSERT INTO steps (task_id, n, action, step, state) VALUES ('a', ?, 1, ?, 'applied')");
  add.run(1, JSON.stringify({ ...stored, content: 'it says "hi"\n' }));
  add.run(2, JSON.stringify({ kind: 'probe', content: 'x' }));
  db.close();
  const [file, probe] = testLedger(new TestClock(), path).steps('a');
  expect(file?.step).toEqual({ ...stored, content: { type: 'text', text: 'it says "hi"\n' } });
  expect(probe?.step).toEqual({ kind: 'probe', content: 'x' });
});

it('of version 7 keeps what it has, and has no releases', () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const db = new DatabaseSync(path);
  migrate(db, MIGRATIONS.slice(0, 7));
  db.exec("INSERT INTO meta VALUES ('born_at', '1'), ('high_water_at', '60000')");
  db.close();
  const ledger = testLedger(new TestClock(), path);
  expect([ledger.latestTime(), ledger.releases()]).toEqual([60_000, []]);
  ledger.write(() => ledger.putRelease(releaseOf(1)));
  expect(ledger.releases()).toEqual([releaseOf(1)]);
});
