import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { TaskQueues } from '../services/held-tasks.ts';
import type { HeldTask } from '../services/ledger.ts';
import type { Clock } from '../services/ports.ts';

interface TaskJob {
  queue: string;
  jobId: string;
  name: string;
  /** Made only where the job is to be added. */
  data: () => unknown;
}

/** Jobs of the task queues, brought again where Redis has lost them. */
export class TaskJobs implements TaskQueues {
  readonly #redis: Redis;
  readonly #queues: ReadonlyMap<string, Queue>;
  readonly #clock: Clock;
  readonly #dataOf: (held: HeldTask) => unknown;
  /** Woken before their delivery had ended: their jobs could not yet be promoted. */
  readonly #woken = new Set<string>();

  constructor(redis: Redis, queues: readonly Queue[], clock: Clock, dataOf: (held: HeldTask) => unknown) {
    this.#redis = redis;
    this.#dataOf = dataOf;
    this.#queues = new Map(queues.map((queue) => [queue.name, queue]));
    this.#clock = clock;
  }

  async deliverNow(held: HeldTask): Promise<void> {
    const job = await this.#find(held);
    if (!job) return this.#add({ ...held, data: () => this.#dataOf(held) }, 0);
    // Noted first: the job may be put aside just while we look whether it is.
    this.#woken.add(nameOf(job));
    if (await job.isDelayed()) await this.putAside(job);
  }

  async keep(held: HeldTask): Promise<void> {
    if (await this.#find(held)) return;
    await this.#add({ ...held, data: () => this.#dataOf(held) }, Math.max(0, held.until - this.#clock.now()));
  }

  /** To be delivered now. Its id can be told before: a job that somebody put off under it would keep it back for ever. */
  async bring(job: TaskJob): Promise<void> {
    const found = await this.#find(job);
    if (!found) return this.#add(job, 0);
    if (await found.isDelayed()) await found.promote();
  }

  /** A held task's job has been put aside. */
  async putAside(job: Job): Promise<void> {
    if (this.#woken.delete(nameOf(job))) await job.promote();
  }

  /**
   * Its job, if that will be delivered, or is just now. Anything else in its place goes, for it would keep the job from
   * being added anew: what Redis lost the half of, what cannot be read, and what has ended without the ledger.
   */
  async #find({ queue: name, jobId }: Pick<TaskJob, 'queue' | 'jobId'>): Promise<Job | undefined> {
    const queue = this.#queues.get(name);
    if (!queue) return undefined;
    const job = await queue.getJob(jobId).catch(unlessUnreadable);
    if (job && COMES.has(await job.getState())) return job;
    // Nobody works on it, whatever lock was left: BullMQ would not remove it.
    await this.#redis.del(`${queue.toKey(jobId)}:lock`);
    if (job === null) await this.#redis.del(queue.toKey(jobId));
    await queue.remove(jobId);
    return undefined;
  }

  async #add({ queue, jobId, name, data }: TaskJob, delay: number): Promise<void> {
    await this.#queues.get(queue)?.add(name, await data(), { jobId, delay });
  }
}

const nameOf = ({ queueName, id }: Job): string => `${queueName}:${id}`;

/** The states of a job that is delivered by itself, or just now. */
const COMES: ReadonlySet<string> = new Set(['waiting', 'delayed', 'prioritized', 'active']);

/** Null for what is no job: of another type, or with options or data that are no JSON. Redis itself may fail, too. */
function unlessUnreadable(error: Error): null {
  if (error instanceof SyntaxError || error.message.startsWith('WRONGTYPE')) return null;
  throw error;
}
