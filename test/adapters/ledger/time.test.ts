import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openLedger } from '../../../src/adapters/ledger/index.ts';
import { taskDigest } from '../../../src/contract/digest.ts';
import { actionsTask, HOUR, START, TestClock, temporaryFolder, testLedger } from '../../services/support.ts';

function setUp() {
  const path = join(temporaryFolder(), 'ledger.db');
  const again = () => {
    const ledger = openLedger(path, new TestClock());
    onTestFinished(() => ledger.close());
    return ledger;
  };
  return { ledger: testLedger(new TestClock(), path), again };
}

it('the latest time seen is exact while the ledger is open, and less than a minute behind after a crash', async () => {
  const { ledger, again } = setUp();
  for (const ms of [0, 1_000, 59_999]) await ledger.commit(() => ledger.sawTime(START + ms));
  expect([ledger.latestTime(), again().latestTime()]).toEqual([START + 59_999, START]);
  await ledger.commit(() => ledger.sawTime(START + 60_000));
  await ledger.commit(() => ledger.sawTime(START));
  expect([ledger.latestTime(), again().latestTime()]).toEqual([START + 60_000, START + 60_000]);
});

it('an earlier one is accepted in the place of exactly the one that stands there', async () => {
  const { ledger, again } = setUp();
  await ledger.commit(() => ledger.sawTime(START + HOUR));
  expect(await ledger.commit(() => ledger.acceptTime(START + HOUR + 1, START))).toBe(false);
  expect(ledger.latestTime()).toBe(START + HOUR);
  expect(await ledger.commit(() => ledger.acceptTime(START + HOUR, START))).toBe(true);
  expect([ledger.latestTime(), again().latestTime()]).toEqual([START, START]);
  expect(await ledger.commit(() => ledger.acceptTime(START + HOUR, START))).toBe(false);
});

it('a ledger that began in the future begins with the time that is accepted: what was signed before stays refused', async () => {
  const path = join(temporaryFolder(), 'ledger.db');
  const ledger = testLedger(new TestClock(START + HOUR), path);
  await ledger.commit(() => ledger.sawTime(START + HOUR));
  await ledger.commit(() => ledger.acceptTime(START + HOUR, START));
  const task = actionsTask();
  const candidate = { task, digest: taskDigest(task), actions: [], subjects: [], targets: [] };
  expect(ledger.factsFor(candidate, START).bornAt).toBe(START);
  await ledger.commit(() => ledger.sawTime(START + 2 * HOUR));
  await ledger.commit(() => ledger.acceptTime(START + 2 * HOUR, START + HOUR));
  expect(ledger.factsFor(candidate, START).bornAt).toBe(START);
});
