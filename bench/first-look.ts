/** `npm run bench`: a task's round trip and tasks per second, beside a bare BullMQ worker that spawns; one run, medians, ratios. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Job, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { BenchHome } from './home.ts';

const ROUNDS = 5;
const TRIPS = 100;
const TASKS = 300;

/** Something that takes jobs from one queue and answers on another. */
interface Peer {
  name: string;
  tasks: Queue;
  /** Makes the jobs beforehand: signing them is not what is measured. */
  prepare(count: number): Promise<{ name: string; data: object; id: string }[]>;
  /** Resolves when `count` answers have been read. */
  answers(count: number): Promise<void>;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function roundTripMs(peer: Peer): Promise<number> {
  const times: number[] = [];
  for (const job of await peer.prepare(TRIPS)) {
    const began = performance.now();
    const answered = peer.answers(1);
    await peer.tasks.add(job.name, job.data, { jobId: job.id });
    await answered;
    times.push(performance.now() - began);
  }
  return median(times);
}

async function tasksPerSecond(peer: Peer): Promise<number> {
  const jobs = await peer.prepare(TASKS);
  const began = performance.now();
  const answered = peer.answers(TASKS);
  await peer.tasks.addBulk(jobs.map(({ name, data, id }) => ({ name, data, opts: { jobId: id } })));
  await answered;
  return (TASKS / (performance.now() - began)) * 1000;
}

function answersOf(queue: string, prefix: string, connection: Redis) {
  let left = 0;
  let done = Promise.withResolvers<void>();
  const read = async (_job: Job) => {
    left -= 1;
    if (left === 0) done.resolve();
  };
  const worker = new Worker(queue, read, { connection, prefix, concurrency: 64 });
  const answers = (count: number) => {
    left = count;
    done = Promise.withResolvers<void>();
    return done.promise;
  };
  return { worker, answers };
}

await using home = await BenchHome.start();
await using connections = new AsyncDisposableStack();
const connect = () =>
  connections.adopt(new Redis(home.url, { maxRetriesPerRequest: null }), (redis) => redis.disconnect());
const floorWorker: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, 'floor-worker.ts'), home.url], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
await once(floorWorker.stdout as NodeJS.ReadableStream, 'data');

let sent = 0;
const floorResults = answersOf('floor-results', '{bench}', connect());
const opsResults = answersOf('ops-results', '{savorg}', connect());
const floor: Peer = {
  name: 'bare BullMQ worker that spawns',
  tasks: new Queue('floor', { connection: connect(), prefix: '{bench}' }),
  prepare: async (count) =>
    Array.from({ length: count }, () => ({ name: 'infra', data: { argv: ['/bin/true'] }, id: `floor-${(sent += 1)}` })),
  answers: floorResults.answers,
};
const ops: Peer = {
  name: 'savorg-ops',
  tasks: new Queue('ops-mini-1', { connection: connect(), prefix: '{savorg}' }),
  prepare: (count) => home.signedTasks(count),
  answers: opsResults.answers,
};

const peers = [floor, ops];
const trips = new Map<Peer, number[]>(peers.map((peer) => [peer, []]));
const rates = new Map<Peer, number[]>(peers.map((peer) => [peer, []]));
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const peer of peers) {
    const [trip, rate] = [await roundTripMs(peer), await tasksPerSecond(peer)];
    // The first round only warms up.
    if (round > 0) {
      trips.get(peer)?.push(trip);
      rates.get(peer)?.push(rate);
    }
  }
}
const of = (figures: Map<Peer, number[]>, peer: Peer) => median(figures.get(peer) ?? []);
console.log('| | round trip, one at a time | tasks per second, 8 at a time |\n|---|---|---|');
for (const peer of peers)
  console.log(`| ${peer.name} | ${of(trips, peer).toFixed(2)} ms | ${of(rates, peer).toFixed(0)} |`);
const [trip, rate] = [of(trips, ops) / of(trips, floor), of(rates, ops) / of(rates, floor)];
console.log(`| ratio | ${trip.toFixed(2)} | ${rate.toFixed(2)} |`);
floorWorker.kill();
await Promise.all([floor.tasks, ops.tasks, floorResults.worker, opsResults.worker].map((it) => it.close()));
