import { rmSync } from 'node:fs';
import type { ClockRequests } from '../services/clock-acceptance.ts';
import { writeAtomically } from './atomic-write.ts';
import { readRegularFile } from './regular-file.ts';

/** A file of `var/run`: only the daemon writes the ledger, and it may be down. */
export function clockRequests(path: string): ClockRequests & { leave(token: string): Promise<void> } {
  return {
    leave: (token) => writeAtomically(path, token, { mode: 0o600 }),
    take: () => {
      try {
        const token = readRegularFile(path);
        rmSync(path);
        return token;
      } catch {
        return null;
      }
    },
  };
}
