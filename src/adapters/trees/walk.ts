import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface Found {
  /** Relative to where the walk began. */
  path: string;
  entry: Dirent;
}

/** All that lies below, a directory before what is in it; it is read when the walk goes on. No link is followed. */
export function* walk(root: string, below = ''): Generator<Found> {
  const entries = readdirSync(join(root, below), { withFileTypes: true });
  for (const entry of entries) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    yield { path, entry };
    if (entry.isDirectory()) yield* walk(root, path);
  }
}
