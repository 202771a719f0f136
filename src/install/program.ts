import { createHash } from 'node:crypto';
import { constants, existsSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OpsError } from '../errors.ts';
import { VERSION } from '../version.ts';
import { productionPackages } from './dependencies.ts';
import type { Layout } from './layout.ts';
import type { Stage } from './stage.ts';

/** The package that this code belongs to. */
const SOURCE = join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '../..' : '../../..');

/** What of it is installed, besides its dependencies. */
const PARTS = ['dist', 'launchd', 'package.json'];
/** Names the content of an installed version. */
const FINGERPRINT = 'fingerprint';

/** @throws OpsError where the package is not complete. */
export function refuseUnbuilt(): void {
  if (!existsSync(join(SOURCE, 'dist/src/main.js'))) throw new OpsError(`${SOURCE} is not built: type "npm run build"`);
  productionPackages(SOURCE);
}

export const template = (label: string): string => readFileSync(join(SOURCE, 'launchd', `${label}.plist`), 'utf8');

/** Whether the program of an installed version is in this folder. */
export const isProgram = (path: string): boolean => existsSync(join(path, FINGERPRINT));

/** The compiled program and its dependencies in a folder of its own. What is there was complete when it got its name. */
export function programStage({ app }: Layout): Stage {
  const target = join(app, VERSION);
  return {
    what: `the program ${VERSION} in ${target}`,
    async isDone() {
      const there = await readFile(join(target, FINGERPRINT), 'utf8').catch(() => null);
      if (there === null || there === (await fingerprint())) return there !== null;
      throw new OpsError(`${target} holds another build of ${VERSION}: a new build needs a new version (package.json)`);
    },
    async make() {
      const next = join(app, `.${VERSION}.next`);
      await rm(next, { recursive: true, force: true });
      await copyProgram(next);
      await writeFile(join(next, FINGERPRINT), await fingerprint());
      await rename(next, target);
    },
  };
}

/** What was built, and the packages that it needs. */
export async function copyProgram(to: string): Promise<void> {
  const packages = productionPackages(SOURCE).map(({ path }) => path);
  for (const part of [...PARTS, ...packages]) await copy(join(SOURCE, part), join(to, part));
}

/** The same for the same build: the content of what we wrote, the names and versions of what we use. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const part of PARTS) await addTo(hash, join(SOURCE, part));
  hash.update(JSON.stringify(productionPackages(SOURCE)));
  return hash.digest('hex');
}

async function addTo(hash: ReturnType<typeof createHash>, path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null);
  if (entries === null) return void hash.update(await readFile(path));
  for (const { name } of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    hash.update(name);
    await addTo(hash, join(path, name));
  }
}

/** Files and folders, root's and not writable by others, whatever they were. Links (`node_modules/.bin`) are left out. */
async function copy(from: string, to: string): Promise<void> {
  const entries = await readdir(from, { withFileTypes: true }).catch(() => null);
  if (entries === null) return copyOne(from, to);
  await mkdir(to, { recursive: true, mode: 0o755 });
  for (const entry of entries) {
    if (!entry.isSymbolicLink()) await copy(join(from, entry.name), join(to, entry.name));
  }
}

async function copyOne(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await chmod(to, 0o644);
}
