import { expect, it } from 'vitest';
import { releaseOf } from '../../jobs/apps.ts';
import { testLedger } from '../../services/support.ts';

const STAGED = { environment: 'staging' } as const;

it('keeps a release for each app, environment and id, the newest first', () => {
  const ledger = testLedger();
  const all = [releaseOf(3), releaseOf(1), releaseOf(2, STAGED), releaseOf(1, { app: 'shop' })];
  ledger.write(() => all.forEach((each) => ledger.putRelease(each)));
  expect(ledger.releases('web', 'production')).toEqual([releaseOf(1), releaseOf(3)]);
  expect(ledger.releases('web', 'staging')).toEqual([releaseOf(2, STAGED)]);
  expect(ledger.releases('web')).toEqual([releaseOf(1), releaseOf(2, STAGED), releaseOf(3)]);
  expect(ledger.releases()).toHaveLength(4);
  expect(ledger.releases('none')).toEqual([]);
});

it('writes one anew in its place, with or without the time when it became stable', () => {
  const ledger = testLedger();
  const isNew = releaseOf(1, { state: 'new', stableAt: null });
  for (const release of [isNew, releaseOf(1)]) {
    ledger.write(() => ledger.putRelease(release));
    expect(ledger.releaseAt(releaseOf(1))).toEqual(release);
  }
  expect(ledger.releases()).toHaveLength(1);
});

it('removes one, and no other of its name', () => {
  const ledger = testLedger();
  ledger.write(() => [releaseOf(1), releaseOf(1, STAGED)].forEach((each) => ledger.putRelease(each)));
  ledger.write(() => ledger.removeRelease(releaseOf(1)));
  expect(ledger.releases()).toEqual([releaseOf(1, STAGED)]);
  expect(ledger.releaseAt(releaseOf(1))).toBeUndefined();
});
