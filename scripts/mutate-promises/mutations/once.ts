import type { Mutation } from '../mutation.ts';

export const ONCE: readonly Mutation[] = [
  {
    name: 'a task_id can be claimed twice',
    file: 'src/adapters/ledger/tasks.ts',
    from: "'INSERT INTO tasks (",
    to: "'INSERT OR REPLACE INTO tasks (",
    tests: ['test/adapters/ledger/ledger.test.ts'],
  },
  {
    name: 'admission does not look whether the task_id is used up',
    file: 'src/admission/admit.ts',
    from: '  idIsUnused,\n  notWithdrawn,',
    to: '  notWithdrawn,',
    tests: ['test/admission/admit.test.ts'],
  },
  {
    name: 'the intent is forgotten',
    file: 'src/services/step-runner.ts',
    from: "await this.#ledger.commit(() => this.#change(run.task_id, record, { state: 'applying', captured }));",
    to: '',
    tests: ['test/services/step-runner.test.ts'],
  },
  {
    name: 'the intent may reach the disk after the effect',
    file: 'src/services/step-runner.ts',
    from: "await this.#ledger.commit(() => this.#change(run.task_id, record, { state: 'applying'",
    to: "this.#ledger.write(() => this.#change(run.task_id, record, { state: 'applying'",
    tests: ['test/services/step-runner.test.ts'],
  },
  {
    name: 'the intent of an undo is forgotten',
    file: 'src/services/step-runner.ts',
    from: "await this.#ledger.commit(() => this.#change(taskId, record, { state: 'undoing' }));",
    to: '',
    tests: ['test/services/step-runner.test.ts'],
  },
  {
    name: 'steps that are no longer planned are applied again',
    file: 'src/services/step-runner.ts',
    from: "if (record.state !== 'planned') continue;",
    to: '',
    tests: ['test/services/step-runner.test.ts'],
  },
  {
    name: 'after a crash a command without a guard counts as not done',
    file: 'src/steps/command.ts',
    from: "if (!guard) return 'unknown';",
    to: "if (!guard) return 'not-done';",
    tests: ['test/steps/command.test.ts'],
  },
  {
    name: 'what may still run after a crash is run again',
    file: 'src/services/reconciler.ts',
    from: "this.#leftOf(task, step.n).length > 0 ? 'unknown' : await",
    to: 'await',
    tests: ['test/services/reconciler.test.ts'],
  },
  {
    name: 'a step of which nobody knows counts as planned',
    file: 'src/services/reconciler.ts',
    from: "return untouched ? 'planned' : 'unknown';",
    to: "return 'planned';",
    tests: ['test/services/reconciler.test.ts'],
  },
  {
    name: 'a command whose runner died counts as failed',
    file: 'src/steps/command.ts',
    from: "return exit.ended === 'lost' ? { ...effect, outcome: 'unknown' } : effect;",
    to: 'return effect;',
    tests: ['test/steps/command.test.ts'],
  },
];
