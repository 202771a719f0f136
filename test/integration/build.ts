import { join } from 'node:path';
import { execa } from 'execa';

const ROOT = join(import.meta.dirname, '../..');

/** Builds `dist` once, before any test: the package, the examples and the schemas are tested as they are shipped. */
export default async function setup(): Promise<void> {
  await execa(process.execPath, [join(ROOT, 'scripts/build.ts')], { cwd: ROOT });
}
