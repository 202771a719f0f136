import type { ProtectedRoot } from '../contract/report.ts';
import type { Step } from '../planning/step.ts';
import type { Ledger } from './ledger.ts';
import type { SourceTrees } from './source-trees.ts';

/** What became of the roots of application source while a task ran. */
export interface Comparison {
  roots: ProtectedRoot[];
  /** Why somebody must look; null where all is as it was, as far as can be told. */
  problem: { code: string; message: string } | null;
}

/** Says in the evidence that no command of a task has changed application source: its sandbox was to prevent it. */
export class SourceWatch {
  readonly #ledger: Pick<Ledger, 'sources' | 'noteSources' | 'write'>;
  readonly #trees: SourceTrees;

  constructor(ledger: Pick<Ledger, 'sources' | 'noteSources' | 'write'>, trees: SourceTrees) {
    this.#ledger = ledger;
    this.#trees = trees;
  }

  /** To be called before the first of these steps; a task that is resumed is held to what was before its beginning. */
  async note(taskId: string, steps: readonly { step: Step }[]): Promise<void> {
    if (!steps.some(({ step }) => runsPrograms(step)) || this.#ledger.sources(taskId).length > 0) return;
    const trees = await this.#trees.look();
    if (trees.length > 0) this.#ledger.write(() => this.#ledger.noteSources(taskId, trees));
  }

  /** To be called after the last. */
  async compare(taskId: string): Promise<Comparison> {
    const noted = this.#ledger.sources(taskId);
    if (noted.length === 0) return { roots: [], problem: null };
    const now = new Map((await this.#trees.look()).map(({ path, digest }) => [path, digest]));
    const roots = noted.map(({ path, digest }) => ({ path, before: digest, after: now.get(path) ?? null }));
    const changed = roots.filter(({ before, after }) => before !== null && after !== null && before !== after);
    if (changed.length === 0) return { roots, problem: null };
    const paths = changed.map(({ path }) => path).join(', ');
    const message = `${paths} changed while this task ran, by whomever: compare it with what it should be`;
    return { roots, problem: { code: 'source-changed', message } };
  }
}

function runsPrograms(step: Step): boolean {
  return ['command', 'service'].includes(step.kind) || (step.kind === 'probe' && step.probe.type === 'command');
}
