import { chmodSync, chownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** No default of any system: what is written anew instead of kept has another mode, or owner. */
const MODE = 0o051;
const OWNER = 12_345;

/** Gives all that a trial has put into its folder an odd mode, and as root an odd owner, which undo must bring back. */
export function disguise(folder: string): void {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  for (const path of paths.filter((each) => !lstatSync(each).isSymbolicLink())) {
    const { mode } = lstatSync(path);
    if (process.getuid?.() === 0) chownSync(path, OWNER, OWNER);
    // After chown, which takes setuid bits away.
    chmodSync(path, (mode & 0o7700) | MODE);
  }
}
