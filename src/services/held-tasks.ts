import type { HeldTask, Ledger } from './ledger.ts';

export interface TaskQueues {
  /** Makes the held task's job run the line again now; adds the job anew where Redis has lost it. */
  deliverNow(held: HeldTask): Promise<void>;
  /** Adds the held task's job anew where Redis has lost it, to be delivered when the task expires. */
  keep(held: HeldTask): Promise<void>;
}

/** Tasks that wait for a signature. The ledger keeps them; their jobs only bring them back. */
export class HeldTasks {
  readonly #ledger: Ledger;
  readonly #queues: TaskQueues;

  constructor(ledger: Ledger, queues: TaskQueues) {
    this.#ledger = ledger;
    this.#queues = queues;
  }

  /** Something new is known about a task or plan, e.g. a signature, or a veto. */
  wake(subject: string): Promise<void> {
    return this.#each(
      (held) => concerns(held, subject),
      (held) => this.#queues.deliverNow(held),
    );
  }

  /** After the daemon or Redis was away: news that came may have woken nobody. */
  wakeAll(): Promise<void> {
    return this.#each(
      () => true,
      (held) => this.#queues.deliverNow(held),
    );
  }

  /** Now and then: Redis may lose the jobs without the connection being lost. */
  keepAll(): Promise<void> {
    return this.#each(
      () => true,
      (held) => this.#queues.keep(held),
    );
  }

  /** One that fails does not keep the others waiting. */
  async #each(chosen: (held: HeldTask) => boolean, act: (held: HeldTask) => Promise<void>): Promise<void> {
    const results = await Promise.allSettled(this.#ledger.held().filter(chosen).map(act));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  }
}

function concerns({ task_id, data }: HeldTask, subject: string): boolean {
  return subject === task_id || subject === (data as { task: { plan_id?: string } }).task.plan_id;
}
