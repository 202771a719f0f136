import type { Mutation } from '../mutation.ts';

export const BAD_INPUT: readonly Mutation[] = [
  {
    name: 'size and depth are not bounded',
    file: 'src/admission/parse.ts',
    from: 'const problem = outOfBounds(taskIn(data), TASK_BOUNDS) ?? outOfBounds(data, SUBMISSION_BOUNDS);',
    to: 'const problem = outOfBounds(null, TASK_BOUNDS) ?? outOfBounds(null, SUBMISSION_BOUNDS);',
    tests: ['test/admission/admit.test.ts'],
  },
  {
    name: 'what kills the daemon is taken again and again',
    file: 'src/admission/parse.ts',
    from: 'if (delivery.deliveries >= MAX_DELIVERIES) {',
    to: 'if (delivery.deliveries >= MAX_DELIVERIES * 1000) {',
    tests: ['test/admission/admit.test.ts'],
  },
  {
    name: 'a job need not be what was signed',
    file: 'src/admission/parse.ts',
    from: 'return outerMismatch(delivery, task.data) ?? bound(',
    to: 'return bound(',
    tests: ['test/admission/admit.test.ts'],
  },
  {
    name: 'every bad delivery makes a report',
    file: 'src/services/reporter.ts',
    from: 'if (cheap && !this.#cheap.admit()) return opsOutput;',
    to: '',
    tests: ['test/services/reporter.test.ts', 'test/services/executor.test.ts'],
  },
  {
    name: 'an earlier fault is hidden by a later one',
    file: 'src/admission/checks/tokens.ts',
    from: "['bad-token', 'unknown-key', 'revoked-key', 'wrong-role']",
    to: "['wrong-role', 'revoked-key', 'unknown-key', 'bad-token']",
    tests: ['test/admission/order.test.ts'],
  },
];
