import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { migrate } from '../../../src/adapters/ledger/database.ts';

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
