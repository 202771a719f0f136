import type { Rule } from './rules.ts';
import type { Tree } from './tree.ts';

/** The tables of faults and threats. */
const MATRIX = 'docs/reliability.md';
const LAST = { F: 64, T: 35 } as const;
/** Rows whose tests are still being written: empty it as they come. */
const PENDING = new Set(
  'F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F15 F17 F18 F19 F20 F21 F22 F23 F24 F25 F26 F27 F28 F30 F31 F32 F33 F36 F37 F45 F46 F47 F48 F49 F58 F59 F61 F62 F63 F64 T1 T7 T8 T10 T11 T12 T13 T14 T15 T17 T18 T19 T20 T27 T28 T29 T30 T31 T32 T33 T34 T35'.split(
    ' ',
  ),
);

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

const isProven = ({ number, proof, tests }: Row): boolean =>
  tests.length > 0 || /^not tested: .{10}/.test(proof) || (proof === 'pending' && PENDING.has(number));

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
      [MATRIX]: [...numbers, 'T35'].map((number) => row(number, '`test/a.test.ts`')).join(''),
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
