import type { TreeFact, Trees, TreeWish } from '../../src/services/host.ts';

/** Trees in memory; `problem` is why none can be made. */
export class MemoryTrees implements Trees {
  readonly trees = new Map<string, { digest: string; sealed: boolean }>();
  problem: Error | null = null;

  async fact(path: string): Promise<TreeFact> {
    const tree = this.trees.get(path);
    return tree ? { exists: true, ...tree } : { exists: false };
  }

  async make(path: string, { digest }: TreeWish): Promise<void> {
    if (this.problem !== null) throw this.problem;
    this.trees.set(path, { digest: digest ?? 'd1', sealed: false });
  }

  async seal(path: string): Promise<void> {
    const tree = this.trees.get(path);
    if (tree) tree.sealed = true;
  }

  async remove(path: string): Promise<void> {
    this.trees.delete(path);
  }
}
