import { fewAtATime } from './few-at-a-time.ts';
import type { HeldTask, Ledger } from './ledger.ts';

export interface TaskQueues {
  /** Makes the held task's job run the line again now; adds the job anew where Redis has lost it. */
  deliverNow(held: HeldTask): Promise<void>;
  /** Adds the held task's job anew where Redis has lost it, to be delivered when it is to be looked at again. */
  keep(held: HeldTask): Promise<void>;
}

/** Tasks that wait for a signature, or for the end of a pause. The ledger keeps them; their jobs only bring them back. */
export class HeldTasks {
  readonly #ledger: Ledger;
  readonly #queues: TaskQueues;

  constructor(ledger: Ledger, queues: TaskQueues) {
    this.#ledger = ledger;
    this.#queues = queues;
  }

  /** Something new is known about a target: a signature, a veto, the end of a pause. */
  wake(target: string): Promise<void> {
    return this.#each(
      (held) => concerns(held, target),
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

  /** A thousand may hold 64 MB: they are not all brought at once. */
  async #each(chosen: (held: HeldTask) => boolean, act: (held: HeldTask) => Promise<void>): Promise<void> {
    await fewAtATime(this.#ledger.held().filter(chosen), act);
  }
}

/** A host means all of them; in which of them a commit or an artifact is, their actions know. */
function concerns({ task_id, plan_id }: HeldTask, target: string): boolean {
  if (!/^(task|plan):/.test(target)) return true;
  return target === `task:${task_id}` || target === `plan:${plan_id}`;
}
