/** One way to break a promise, and the tests that must notice. */
export interface Mutation {
  /** What is done to the code, e.g. `the second admit is skipped`. */
  name: string;
  /** The file that is broken, from the root of the project. */
  file: string;
  /** Stands in it exactly once. */
  from: string;
  to: string;
  /** The fewest test files of which one must fail. */
  tests: readonly string[];
}

/** The promises of the design, by their numbers. */
export const PROMISES = {
  1: 'nothing runs that was not requested, approved and cleared as it is',
  2: 'a step is applied at most once; what is unknown is said to be unknown',
  3: 'exactly one final report of each claimed task',
  4: 'what was applied can be undone, or was signed as irreversible',
  5: 'no secret in any sink',
  6: 'no process outlives its task unsaid',
  7: 'the audit chain shows any edit or cut',
  8: 'a bad input gets a clear reason, and the next good task runs',
  9: 'a deploy leaves what was proved, or what ran before',
} as const;

export type PromiseNumber = keyof typeof PROMISES;
