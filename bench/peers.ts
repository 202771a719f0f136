import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { BenchHome } from './home.ts';

interface Job {
  name: string;
  data: object;
  id: string;
}

/** Something that takes jobs from one queue and answers on another. */
export class Peer implements AsyncDisposable {
  readonly #redis: Redis;
  readonly #tasks: Queue;
  readonly #answers: Worker;
  readonly #prepare: (count: number) => Promise<Job[]>;
  #left = 0;
  #done = Promise.withResolvers<void>();

  /** `prepare` makes the jobs beforehand: signing them is not what is measured. */
  constructor(url: string, queues: { prefix: string; tasks: string; results: string }, prepare: Peer['prepare']) {
    const { prefix, tasks, results } = queues;
    const connection = { url, maxRetriesPerRequest: null };
    this.#redis = new Redis(url, { maxRetriesPerRequest: null });
    this.#tasks = new Queue(tasks, { connection: this.#redis, prefix });
    this.#answers = new Worker(results, async () => this.#answered(), { connection, prefix, concurrency: 64 });
    this.#prepare = prepare;
  }

  prepare(count: number): Promise<Job[]> {
    return this.#prepare(count);
  }

  /** Adds the jobs; resolves with the milliseconds until all are answered. */
  async time(jobs: readonly Job[]): Promise<number> {
    this.#left = jobs.length;
    this.#done = Promise.withResolvers();
    const began = performance.now();
    await this.#tasks.addBulk(jobs.map(({ name, data, id }) => ({ name, data, opts: { jobId: id } })));
    await this.#done.promise;
    return performance.now() - began;
  }

  #answered(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#done.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#tasks.close(), this.#answers.close()]);
    this.#redis.disconnect();
  }
}

export function opsPeer({ url, signer }: BenchHome): Peer {
  const queues = { prefix: '{savorg}', tasks: 'ops-mini-1', results: 'ops-results' };
  return new Peer(url, queues, (count) => signer.many(count));
}

/** What anybody would write first, in a process of its own. */
export class Floor implements AsyncDisposable {
  readonly peer: Peer;
  readonly #process: ChildProcess;

  static async start(url: string): Promise<Floor> {
    const program = join(import.meta.dirname, 'floor-worker.ts');
    const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(url);
    await once(child.stdout, 'data');
    return new Floor(url, child);
  }

  private constructor(url: string, child: ChildProcess) {
    let sent = 0;
    const next = () => ({ name: 'infra', data: { argv: ['/bin/true'] }, id: `floor-${child.pid}-${(sent += 1)}` });
    const queues = { prefix: '{bench}', tasks: 'floor', results: 'floor-results' };
    this.peer = new Peer(url, queues, async (count) => Array.from({ length: count }, next));
    this.#process = child;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill();
    await this.peer[Symbol.asyncDispose]();
  }
}
