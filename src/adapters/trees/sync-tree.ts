import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { fewAtATime } from '../../services/few-at-a-time.ts';
import { walk } from './walk.ts';

const hasSyncOfOne = process.platform === 'linux';

/** Has all of it on the disk: by one order to its filesystem where the system has that, else file by file. */
export async function syncTree(root: string, atOnce = hasSyncOfOne): Promise<void> {
  if (atOnce) await execa('sync', ['--file-system', root]);
  else await fewAtATime([root, ...everythingIn(root)], syncOne);
}

function everythingIn(root: string): string[] {
  const found = [...walk(root)].filter(({ entry }) => entry.isFile() || entry.isDirectory());
  return found.map(({ path }) => join(root, path));
}

async function syncOne(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.sync();
}
