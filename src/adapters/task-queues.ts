import type { Job, Queue } from 'bullmq';
import type { TaskQueues } from '../services/held-tasks.ts';
import type { HeldTask } from '../services/ledger.ts';
import type { Clock } from '../services/ports.ts';

/** The task queues as held tasks need them. */
export class HeldJobs implements TaskQueues {
  readonly #queues: ReadonlyMap<string, Queue>;
  readonly #clock: Clock;
  readonly #dataOf: (held: HeldTask) => unknown;
  /** Woken before their delivery had ended: their jobs could not yet be promoted. */
  readonly #woken = new Set<string>();

  constructor(queues: readonly Queue[], clock: Clock, dataOf: (held: HeldTask) => unknown) {
    this.#dataOf = dataOf;
    this.#queues = new Map(queues.map((queue) => [queue.name, queue]));
    this.#clock = clock;
  }

  async deliverNow(held: HeldTask): Promise<void> {
    const job = await this.#find(held);
    if (!job) return this.#add(held, 0);
    // Noted first: the job may be put aside just while we look whether it is.
    this.#woken.add(nameOf(job));
    if (await job.isDelayed()) await this.putAside(job);
  }

  async keep(held: HeldTask): Promise<void> {
    const state = await this.#queues.get(held.queue)?.getJobState(held.jobId);
    if (state !== 'unknown' || (await this.#find(held))) return;
    await this.#add(held, Math.max(0, held.until - this.#clock.now()));
  }

  /** A held task's job has been put aside. */
  async putAside(job: Job): Promise<void> {
    if (this.#woken.delete(nameOf(job))) await job.promote();
  }

  /** What is left of one that is in none of its queue's lists goes: it would keep the job from being added anew. */
  async #find({ queue, jobId }: HeldTask): Promise<Job | undefined> {
    const job = await this.#queues.get(queue)?.getJob(jobId);
    if ((await job?.getState()) !== 'unknown') return job;
    await job?.remove();
    return undefined;
  }

  async #add(held: HeldTask, delay: number): Promise<void> {
    const { queue, jobId, name } = held;
    await this.#queues.get(queue)?.add(name, this.#dataOf(held), { jobId, delay });
  }
}

const nameOf = ({ queueName, id }: Job): string => `${queueName}:${id}`;
