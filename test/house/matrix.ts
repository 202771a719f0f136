import type { Rule } from './rules.ts';
import type { Tree } from './tree.ts';

/** The tables of faults and threats. */
const MATRIX = 'docs/reliability.md';
const LAST = { F: 65, T: 38 } as const;

interface Row {
  number: string;
  /** The files that prove it, as written in its last column. */
  tests: string[];
  /** The last column. */
  proof: string;
}

const numbers = Object.entries(LAST).flatMap(([kind, last]) =>
  Array.from({ length: last }, (_, index) => `${kind}${index + 1}`),
);

function rowsOf({ paths, read }: Tree): Row[] {
  const text = paths.includes(MATRIX) ? read(MATRIX) : '';
  return [...text.matchAll(/^\| ([FT]\d+) \|.*\| ([^|]*) \|$/gm)].map(([, number = '', proof = '']) => ({
    number,
    proof,
    tests: proof.match(/test\/[\w./-]+\.test\.ts/g) ?? [],
  }));
}

/** The numbers at the front of the names of its tests: `F18, F19: …`. */
function numbersIn(text: string): Set<string> {
  const fronts = [...text.matchAll(/['"`]([FT]\d+(?:, [FT]\d+)*): /g)].map(([, front = '']) => front.split(', '));
  return new Set(fronts.flat());
}

function missingOrDouble(tree: Tree): string[] {
  if (!tree.paths.includes(MATRIX)) return [];
  const rows = rowsOf(tree);
  return numbers
    .map((number) => ({ number, times: rows.filter((row) => row.number === number).length }))
    .filter(({ times }) => times !== 1)
    .map(({ number, times }) => `${MATRIX}: ${number} stands there ${times} times`);
}

const isProven = ({ proof, tests }: Row): boolean => tests.length > 0 || /^not tested: .{10}/.test(proof);

function withoutProof(tree: Tree): string[] {
  return rowsOf(tree)
    .filter((row) => !isProven(row))
    .map(({ number, proof }) => `${MATRIX}: ${number} names no test, and no reason: ${proof}`);
}

function untrue(tree: Tree): string[] {
  return rowsOf(tree).flatMap(({ number, tests }) =>
    tests
      .filter((path) => !tree.paths.includes(path) || !numbersIn(tree.read(path)).has(number))
      .map((path) => `${MATRIX}: no test in ${path} bears ${number}`),
  );
}

function unknown(tree: Tree): string[] {
  const known = new Set(rowsOf(tree).map(({ number }) => number));
  return tree.paths
    .filter((path) => /^test\/.*\.test\.ts$/.test(path))
    .flatMap((path) =>
      [...numbersIn(tree.read(path))].filter((number) => !known.has(number)).map((number) => `${path}: ${number}`),
    );
}

const row = (number: string, proof: string) => `| ${number} | fault | promise | ${proof} |\n`;

export const matrixRules: Rule[] = [
  {
    name: 'the tables have each fault and each threat once',
    violations: missingOrDouble,
    offending: {
      [MATRIX]: [...numbers, 'T38'].map((number) => row(number, '`test/a.test.ts`')).join(''),
    },
  },
  {
    name: 'each fault and threat names its tests, or says why there are none',
    violations: withoutProof,
    offending: { [MATRIX]: row('T2', 'pending') },
  },
  {
    name: 'a test that the tables name is there, and bears the number',
    violations: untrue,
    offending: {
      [MATRIX]: row('F11', '`test/a.test.ts`'),
      'test/a.test.ts': "it('F1: ends at once', () => undefined);",
    },
    together: true,
  },
  {
    name: 'a number in the name of a test stands in the tables',
    violations: unknown,
    offending: { 'test/a.test.ts': "it.each(TABLE)('F11, F12: ends with %s', () => undefined);" },
  },
];
