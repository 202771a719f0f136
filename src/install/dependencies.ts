import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpsError } from '../errors.ts';

interface Package {
  version?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

/**
 * What a package needs to run, as it lies in its `node_modules`, each with its folder; not what lies inside one of them.
 * npm's own list, `node_modules/.package-lock.json`, was seen to lack packages that are there.
 * @throws OpsError where one is missing.
 */
export function productionPackages(source: string): { path: string; version: string }[] {
  const found = new Map<string, Package>();
  const visit = (name: string, from: string, isOptional: boolean): void => {
    const [path, manifest] = resolve(source, name, from) ?? [];
    if (path === undefined && !isOptional)
      throw new OpsError(`${source} lacks the package ${name}: type "npm install"`);
    if (path === undefined || manifest === undefined || found.has(path)) return;
    found.set(path, manifest);
    for (const [next, mayLack] of neededBy(manifest)) visit(next, path, mayLack);
  };
  for (const name of Object.keys(manifestIn(source)?.dependencies ?? {})) visit(name, '', false);
  const outermost = [...found].filter(([path]) => ![...found.keys()].some((other) => path.startsWith(`${other}/`)));
  return outermost
    .map(([path, { version = '' }]) => ({ path, version }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** As Node finds it: in the folder itself, then upward. */
function resolve(source: string, name: string, from: string): [string, Package] | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const path = join(folder, 'node_modules', name);
    const manifest = manifestIn(join(source, path));
    if (manifest) return [path, manifest];
    if (folder === '') return undefined;
  }
}

/** Names, and whether they may be missing: packages for other platforms. A partner that is optional is left out. */
function neededBy({ dependencies, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta }: Package) {
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta?.[name]?.optional);
  const names = new Set([...peers, ...Object.keys({ ...dependencies, ...optionalDependencies })]);
  return [...names].map((name) => [name, name in optionalDependencies] as const);
}

function manifestIn(folder: string): Package | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package;
  } catch {
    return undefined;
  }
}
