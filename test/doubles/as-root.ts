import { describe } from 'vitest';

const isRoot = process.getuid?.() === 0 && process.platform === 'linux';
const reason = isRoot ? '' : ' (skipped: needs root, on Linux)';

/** Tests with the double of a Mac: its launchd gives processes to other users, as only root can. */
export function describeAsRoot(name: string, body: () => void): void {
  describe.skipIf(!isRoot)(`${name}${reason}`, () => {
    body();
  });
}
