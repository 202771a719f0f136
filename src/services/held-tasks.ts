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
  async wake(subject: string): Promise<void> {
    for (const held of this.#ledger.held().filter((task) => concerns(task, subject)))
      await this.#queues.deliverNow(held);
  }

  /** After Redis was away: it may have lost the jobs. */
  async keepAll(): Promise<void> {
    for (const held of this.#ledger.held()) await this.#queues.keep(held);
  }
}

function concerns({ task_id, data }: HeldTask, subject: string): boolean {
  return subject === task_id || subject === (data as { task: { plan_id?: string } }).task.plan_id;
}
