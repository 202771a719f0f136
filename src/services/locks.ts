import { collide } from '../planning/resources.ts';

interface Waiting {
  names: readonly string[];
  /** Goes on with what had begun, so it waits for nobody's turn. */
  resumes: boolean;
  grant: () => void;
}

/**
 * Who may run now, and use which resources: at most `atOnce` tasks. First come, first served: a later task never
 * overtakes an earlier one that it collides with. In memory, because one daemon owns the home; so no lock outlives its
 * holder.
 */
export class Locks {
  /** Those who hold or wait, in the order of their coming. */
  readonly #queue: Waiting[] = [];
  readonly #granted = new Set<Waiting>();
  readonly #atOnce: number;
  #closed = false;

  constructor(atOnce = Number.POSITIVE_INFINITY) {
    this.#atOnce = atOnce;
  }

  /** Resolves when all of `names` are free, and it is this one's turn; dispose of the result to free them. */
  take(names: readonly string[]): Promise<Disposable> {
    return this.#take(names, false);
  }

  /** The same for a task that was claimed before the daemon started: the start must not wait for the end of others. */
  takeAgain(names: readonly string[]): Promise<Disposable> {
    return this.#take(names, true);
  }

  /** Grants nothing any more: who waits, waits for ever. */
  close(): void {
    this.#closed = true;
  }

  async #take(names: readonly string[], resumes: boolean): Promise<Disposable> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting: Waiting = { names, resumes, grant: resolve };
    this.#queue.push(waiting);
    this.#grantWhatIsFree();
    await promise;
    return { [Symbol.dispose]: () => this.#free(waiting) };
  }

  #free(holder: Waiting): void {
    if (!this.#granted.delete(holder)) return;
    this.#queue.splice(this.#queue.indexOf(holder), 1);
    this.#grantWhatIsFree();
  }

  #grantWhatIsFree(): void {
    if (this.#closed) return;
    for (const [index, waiting] of this.#queue.entries()) {
      if (this.#granted.has(waiting) || !(waiting.resumes || this.#granted.size < this.#atOnce)) continue;
      const earlier = this.#queue.slice(0, index);
      if (earlier.some((other) => inTheWay(other, waiting))) continue;
      this.#granted.add(waiting);
      waiting.grant();
    }
  }
}

function inTheWay(a: Waiting, b: Waiting): boolean {
  return a.names.some((name) => b.names.some((other) => collide(name, other)));
}
