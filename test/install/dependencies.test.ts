import { mkdirSync, writeFileSync } from 'node:fs';
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
