import { lstat, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OpsError } from '../errors.ts';
import { covers } from '../planning/bounds.ts';
import { foldersAbove } from './way.ts';

/** What no action changes, whatever was signed and whatever policy allows. */
export interface OffLimits {
  /** What belongs to Ops itself: settings, keys, state. */
  own: readonly string[];
  /** Its program. */
  code: readonly string[];
  /** HOME of commands, which is theirs wherever it lies; null where there is none. */
  userHome: string | null;
  /** Roots of application source. */
  protect: readonly string[];
}

const REMEDY = 'no task changes it; an operator does, by hand or with ops (see: ops --help)';

/** @throws OpsError where the path lies in what belongs to Ops itself, by whatever name. */
export async function refuseOwn(path: string, { own, code, userHome }: OffLimits): Promise<void> {
  // Not as it is written: commands can make links there.
  if (userHome !== null && (await realRootAround(path, [userHome])) !== undefined) return;
  const root = (await rootAround(path, [...own, ...code])) ?? (await otherNameOf(path, own));
  if (root !== undefined) throw new OpsError(`${path} belongs to Ops itself, as ${root}: ${REMEDY}`);
}

/** For what is changed itself. @throws OpsError where it is off limits, or Ops lies below it. */
export async function refuseChange(path: string, limits: OffLimits): Promise<void> {
  await refuseOwn(path, limits);
  const root = await rootAround(path, limits.protect);
  if (root !== undefined)
    throw new OpsError(`${path} lies in ${root}, which etc/ops.yaml protects: it is application source`);
  const below = await rootBelow(path, [...limits.own, ...limits.code]);
  if (below !== undefined) throw new OpsError(`${path} leads to ${below}, which belongs to Ops itself: ${REMEDY}`);
}

/** Which of the roots the path is, or lies in: as it is written, through links, in other letters, on another mount. */
async function rootAround(path: string, roots: readonly string[]): Promise<string | undefined> {
  return roots.find((root) => covers(root, path)) ?? realRootAround(path, roots);
}

async function realRootAround(path: string, roots: readonly string[]): Promise<string | undefined> {
  return firstAmong(roots, await identitiesOf(await wayTo(path)));
}

async function rootBelow(path: string, roots: readonly string[]): Promise<string | undefined> {
  const own = await identityOf(path);
  for (const root of roots) {
    const above = [...foldersAbove(root), ...foldersAbove(await realPathOf(root))];
    if (above.includes(path) || (own !== null && (await identitiesOf(above)).has(own))) return root;
  }
  return undefined;
}

/** Of a file with several names (hard links) the one that lies in one of the roots. */
async function otherNameOf(path: string, roots: readonly string[]): Promise<string | undefined> {
  const entry = await lstat(path).catch(() => null);
  if (!entry?.isFile() || entry.nlink < 2) return undefined;
  const own = new Set([await identityOf(path)]);
  for (const root of roots) {
    const name = await firstAmong(await filesIn(root), own);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** The path by its real name, as far as it is there, and the folders above it. */
async function wayTo(path: string): Promise<string[]> {
  const real = join(await realPathOf(dirname(path)), basename(path));
  return [...foldersAbove(real), real];
}

/** What is not there is as it is written. */
async function realPathOf(path: string): Promise<string> {
  return realpath(path).catch(async () =>
    path === '/' ? path : join(await realPathOf(dirname(path)), basename(path)),
  );
}

async function firstAmong(paths: readonly string[], known: ReadonlySet<string | null>): Promise<string | undefined> {
  const identities = await Promise.all(paths.map(identityOf));
  return paths.find((_, index) => {
    const own = identities[index] ?? null;
    return own !== null && known.has(own);
  });
}

async function identitiesOf(paths: readonly string[]): Promise<ReadonlySet<string | null>> {
  return new Set(await Promise.all(paths.map(identityOf)));
}

/** Names differ where a file system knows no capitals, or is mounted twice; this does not. Null where nothing is. */
async function identityOf(path: string): Promise<string | null> {
  const entry = await lstat(path, { bigint: true }).catch(() => null);
  return entry && `${entry.dev} ${entry.ino}`;
}

async function filesIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  return [root, ...entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))];
}
