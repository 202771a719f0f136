import { collide } from '../planning/resources.ts';

interface Waiting {
  names: readonly string[];
  grant: () => void;
}

/**
 * Who may use which resources now. First come, first served: a later task never overtakes an earlier one that it
 * collides with. In memory, because one daemon owns the home; so no lock outlives its holder.
 */
export class Locks {
  /** Those who hold or wait, in the order of their coming. */
  readonly #queue: Waiting[] = [];
  readonly #granted = new Set<Waiting>();
  #closed = false;

  /** Resolves when all of `names` are free; dispose of the result to free them. */
  async take(names: readonly string[]): Promise<Disposable> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting: Waiting = { names, grant: resolve };
    this.#queue.push(waiting);
    this.#grantWhatIsFree();
    await promise;
    return { [Symbol.dispose]: () => this.#free(waiting) };
  }

  /** Grants nothing any more: who waits, waits for ever. */
  close(): void {
    this.#closed = true;
  }

  #free(holder: Waiting): void {
    if (!this.#granted.delete(holder)) return;
    this.#queue.splice(this.#queue.indexOf(holder), 1);
    this.#grantWhatIsFree();
  }

  #grantWhatIsFree(): void {
    if (this.#closed) return;
    for (const [index, waiting] of this.#queue.entries()) {
      const earlier = this.#queue.slice(0, index);
      if (this.#granted.has(waiting) || earlier.some((other) => inTheWay(other, waiting))) continue;
      this.#granted.add(waiting);
      waiting.grant();
    }
  }
}

function inTheWay(a: Waiting, b: Waiting): boolean {
  return a.names.some((name) => b.names.some((other) => collide(name, other)));
}
