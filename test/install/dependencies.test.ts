import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { productionPackages } from '../../src/install/dependencies.ts';
import { temporaryFolder } from '../services/support.ts';

/** A tree of packages: folder → manifest. */
function tree(packages: Record<string, object>): string {
  const root = temporaryFolder();
  for (const [folder, manifest] of Object.entries(packages)) {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, folder, 'package.json'), JSON.stringify(manifest));
  }
  return root;
}

describe('T31: a package from the registry', () => {
  const ROOT = join(import.meta.dirname, '../..');
  const read = (name: string) => JSON.parse(readFileSync(join(ROOT, name), 'utf8'));
  const locked = Object.entries<{ integrity?: string; hasInstallScript?: boolean }>(read('package-lock.json').packages);

  it('is the one that was locked, by its digest', () => {
    const open = locked.filter(([path, { integrity }]) => path !== '' && !integrity?.startsWith('sha512-'));
    expect(open.map(([path]) => path)).toEqual([]);
  });

  it('runs a script when it is installed only if that was allowed by name: Node, which is no package of ours at run time', () => {
    const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);
    const { allowScripts, dependencies } = read('package.json');
    expect(scripted.map((path) => path.replace('node_modules/', '')).toSorted()).toEqual(
      Object.keys(allowScripts).toSorted(),
    );
    const allowed = Object.keys(allowScripts).filter((name) => allowScripts[name]);
    expect([allowed, dependencies.node]).toEqual([['node'], undefined]);
  });
});

describe('what a package needs to run', () => {
  it('is what its dependencies need, and theirs, by the nearest copy', () => {
    const root = tree({
      '.': { dependencies: { a: '1' }, devDependencies: { tool: '1' } },
      'node_modules/a': { version: '1.0.0', dependencies: { b: '1', '@scope/c': '1' } },
      'node_modules/a/node_modules/b': { version: '1.1.0', dependencies: { d: '1' } },
      'node_modules/b': { version: '2.0.0' },
      'node_modules/@scope/c': { version: '3.0.0', dependencies: { a: '1' } },
      'node_modules/d': { version: '4.0.0' },
      'node_modules/tool': { version: '9.0.0' },
    });
    // b lies inside a, and comes with it.
    expect(productionPackages(root)).toEqual([
      { path: 'node_modules/@scope/c', version: '3.0.0' },
      { path: 'node_modules/a', version: '1.0.0' },
      { path: 'node_modules/d', version: '4.0.0' },
    ]);
  });

  it('may lack what is for other platforms, and has no use for an optional partner', () => {
    const root = tree({
      '.': { dependencies: { a: '1' } },
      'node_modules/a': {
        dependencies: { binary: '1' },
        optionalDependencies: { binary: '1' },
        peerDependencies: { partner: '1', compiler: '1' },
        peerDependenciesMeta: { compiler: { optional: true } },
      },
      'node_modules/partner': {},
      'node_modules/compiler': {},
    });
    expect(productionPackages(root).map(({ path }) => path)).toEqual(['node_modules/a', 'node_modules/partner']);
  });

  it('may not lack anything else', () => {
    const root = tree({ '.': { dependencies: { a: '1' } }, 'node_modules/a': { dependencies: { b: '1' } } });
    expect(() => productionPackages(root)).toThrow(`${root} lacks the package b: type "npm install"`);
  });
});
