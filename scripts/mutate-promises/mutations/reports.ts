import type { Mutation } from '../mutation.ts';

export const REPORTS: readonly Mutation[] = [
  {
    name: 'a report is published before it is on the disk',
    file: 'src/services/publisher.ts',
    from: 'await this.#ledger.durable();',
    to: '',
    tests: ['test/services/publisher.test.ts'],
  },
  {
    name: 'the mark moves although nothing was published',
    file: 'src/services/publisher.ts',
    from: 'await this.#outlet.publish(rows);',
    to: 'await this.#outlet.publish(rows).catch(() => undefined);',
    tests: ['test/services/publisher.test.ts'],
  },
  {
    name: 'the mark survives what it marks',
    file: 'src/services/publisher.ts',
    from: '? last.seq : undefined;',
    to: '? last.seq : last.seq;',
    tests: ['test/services/publisher.test.ts'],
  },
  {
    name: 'the outcome is written without its report',
    file: 'src/services/reporter.ts',
    from: 'this.#append(opsOutput, {\n        ...this.#evidence(at),\n        final: true,',
    to: 'void ({\n        ...this.#evidence(at),\n        final: true,',
    tests: ['test/services/performer.test.ts'],
  },
  {
    name: 'a task can be concluded twice',
    file: 'src/adapters/ledger/tasks.ts',
    from: 'WHERE task_id = ? AND ended_at IS NULL',
    to: 'WHERE task_id = ?',
    tests: ['test/adapters/ledger/ledger.test.ts'],
  },
  {
    name: 'what was claimed is reported again when it is delivered again',
    file: 'src/admission/admit.ts',
    from: "if (facts.ledger.claimedDigest === candidate.digest) return { kind: 'known' };",
    to: '',
    tests: ['test/services/executor.test.ts'],
  },
  {
    name: 'what was open at a crash is never ended',
    file: 'src/services/reconciler.ts',
    from: 'of this.#parts.ledger.openTasks()',
    to: 'of this.#parts.ledger.openTasks().slice(1)',
    tests: ['test/services/reconciler.test.ts'],
  },
  {
    name: 'how a slot ended is not written with its report',
    file: 'src/services/reporter.ts',
    from: 'this.#slots.ended(task, { outcome: end.outcome',
    to: '((..._: unknown[]) => undefined)(task, { outcome: end.outcome',
    tests: ['test/services/scheduler.test.ts'],
  },
];
