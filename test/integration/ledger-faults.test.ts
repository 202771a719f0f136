import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { TestHome } from './test-home.ts';

const touch = { action: 'infra.command', with: { argv: ['/bin/true'], undo: ['/bin/true'] } };

/** Zeros in the place of the second half. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0, bytes.length / 2));
}

function makeNewer(path: string): void {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA user_version = 99');
  db.close();
}

describe('a daemon with a ledger that', () => {
  it.each([
    ['F46: was damaged', damage, /the ledger .* cannot be used: /],
    ['F63: a newer version wrote', makeNewer, /is of a newer version \(99, .*upgrade savorg-ops/],
  ])(
    '%s takes no task and says why; with the right one back it goes on',
    async (_, change, reason) => {
      await using home = await TestHome.make();
      await home.start();
      await home.submit(home.task('before', [touch]));
      await home.report('before');
      expect(await home.stop()).toBe(0);
      const { ledger } = home.home.var;
      const kept = home.path('kept.db');
      copyFileSync(ledger, kept);
      change(ledger);
      const changed = readFileSync(ledger);
      void home.launch();
      await expect.poll(() => home.state?.reason, { timeout: 10_000 }).toMatch(reason);
      expect(home.state?.state).toBe('safe-mode');
      expect(await home.stop()).toBe(0);
      expect(readFileSync(ledger).equals(changed)).toBe(true);
      copyFileSync(kept, ledger);
      await home.start();
      await home.submit(home.task('after', [touch]));
      expect((await home.report('after')).evidence.outcome).toBe('completed');
    },
    40_000,
  );
});
