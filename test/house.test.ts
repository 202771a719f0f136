import { describe, expect, it } from 'vitest';
import { matrixRules } from './house/matrix.ts';
import { rules as ownRules, treeOf } from './house/rules.ts';
import { codeOf, readSource } from './house/source.ts';
import { readTree } from './house/tree.ts';

const tree = readTree();
const allRules = [...ownRules, ...matrixRules];
const rules = allRules.map((rule) => [rule.name, rule] as const);

describe('the house', () => {
  it('is looked at', () => {
    expect(tree.sources.length).toBeGreaterThan(20);
    expect(tree.paths).toContain('docs/reliability.md');
    expect(tree.sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(50);
  });

  it.each(rules)('%s', (_, { violations }) => {
    expect(violations(tree)).toEqual([]);
  });
});

describe('a file that breaks the rule is found', () => {
  it.each(rules)('%s', (_, { violations, offending, together }) => {
    const trees = together ? [offending] : Object.entries(offending).map(([path, text]) => ({ [path]: text }));
    expect(trees.filter((files) => violations(treeOf(files)).length === 0)).toEqual([]);
  });
});

describe('the scanner', () => {
  it('reads every form of import, with its line', () => {
    const text = [
      "import a, { b } from 'a';",
      'import type {',
      '  C,',
      "} from './c.ts';",
      "import { type D } from '../d.ts';",
      "export { e as x } from './e.ts';",
      "export type * from './f.ts';",
      "import './g.ts';",
      "const h = await import('./h.ts');",
      'const i = await import(name);',
    ].join('\n');
    expect(readSource('src/x/y.ts', text).imports).toEqual([
      { specifier: 'a', target: undefined, line: 1, names: [], typeOnly: false },
      { specifier: './c.ts', target: 'src/x/c.ts', line: 2, names: ['C'], typeOnly: true },
      { specifier: '../d.ts', target: 'src/d.ts', line: 5, names: ['D'], typeOnly: true },
      { specifier: './e.ts', target: 'src/x/e.ts', line: 6, names: ['e'], typeOnly: false },
      { specifier: './f.ts', target: 'src/x/f.ts', line: 7, names: [], typeOnly: true },
      { specifier: './g.ts', target: 'src/x/g.ts', line: 8, names: [], typeOnly: false },
      { specifier: './h.ts', target: 'src/x/h.ts', line: 9, names: [], typeOnly: false },
      { specifier: '<computed>', target: undefined, line: 10, names: [], typeOnly: false },
    ]);
  });

  it.each([
    ["say('process.env'); // process.env", "say('           ');               "],
    ['/* Date.now */ a("\\"b")', '               a("   ")'],
    ['`x ${ { y: `Date.now` } } z`;', '`   { { y: `        ` } }  `;'],
    ['a.replace(/[\'/"`{]/g, b) / c / d', 'a.replace(/         g, b) / c / d'],
  ])('sees the code of %s', (text, code) => {
    expect(codeOf(text)).toHaveLength(text.length);
    expect(codeOf(text).replaceAll(/\s+/g, ' ')).toBe(code.replaceAll(/\s+/g, ' '));
  });

  it('is not taken in by words in comments, strings and types', () => {
    const files = {
      'src/planning/a.ts':
        "// no await, no Date.now()\nexport const a = z.literal('process.env'); // import('node:fs')\n",
      'src/contract/a.ts': 'export const at = (time: Date): number => new Date(time.toString()).getTime();\n',
    };
    expect(allRules.flatMap(({ violations }) => violations(treeOf(files)))).toEqual([]);
  });
});
