import type { Mutation } from '../mutation.ts';

export const UNDO: readonly Mutation[] = [
  {
    name: 'undo data is captured after the effect',
    file: 'src/services/step-runner.ts',
    from: 'const effect = await this.#timed(run, run.task_id, record, (context) => kind.apply(record.step, context));',
    to: "const effect = await this.#timed(run, run.task_id, record, (context) => kind.apply(record.step, context)); await this.#ledger.commit(() => this.#change(run.task_id, record, { state: 'applying', captured: null })); const late = await kind.capture(record.step); this.#ledger.write(() => this.#change(run.task_id, record, { state: 'applying', captured: late }));",
    tests: ['test/services/performer.test.ts'],
  },
  {
    name: 'no snapshot of a file is kept',
    file: 'src/steps/file.ts',
    from: '(await snapshots.keep(await files.read(path))) !== fact.sha256',
    to: 'files === snapshots',
    tests: ['test/steps/file.test.ts'],
  },
  {
    name: 'nothing is compared before an undo',
    file: 'src/services/step-runner.ts',
    from: 'options.compare ? await this.#firstChanged(taskId, steps) : null',
    to: 'null',
    tests: ['test/services/step-runner.test.ts'],
  },
  {
    name: 'the first step is undone first',
    file: 'src/planning/record.ts',
    from: '    .toReversed();',
    to: '    .slice();',
    tests: ['test/planning/record.test.ts'],
  },
  {
    name: 'a step that failed is not taken back',
    file: 'src/planning/record.ts',
    from: "'applied', 'failed', 'unknown', 'undoing'",
    to: "'applied', 'unknown', 'undoing'",
    tests: ['test/planning/record.test.ts'],
  },
  {
    name: 'undo goes past a step that was signed as irreversible',
    file: 'src/planning/record.ts',
    from: 'touched.findIndex(isIrreversible)',
    to: 'touched.findIndex(() => isIrreversible === undefined)',
    tests: ['test/planning/record.test.ts'],
  },
  {
    name: 'what cannot be undone need not be signed as irreversible',
    file: 'src/planning/registry.ts',
    from: 'if (!irreversible && !action.reversible(input.data)) {',
    to: 'if (!irreversible && !irreversible && action === undefined) {',
    tests: ['test/jobs/conformance.test.ts', 'test/admission/admit.test.ts'],
  },
];
