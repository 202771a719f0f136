/** The floor: what anybody would write first. A BullMQ worker that spawns /bin/true and puts a result on another queue. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

// By stdin: everybody can see the arguments of a process, and the URL has a password.
const url = await text(process.stdin);
const connect = () => new Redis(url, { maxRetriesPerRequest: null });
const results = new Queue('floor-results', { connection: connect(), prefix: '{bench}' });
const run = async ({ id, data }: { id?: string; data: unknown }) => {
  await once(spawn('/bin/true', { stdio: 'ignore' }), 'exit');
  await results.add('report', { id, data });
};
const worker = new Worker('floor', run, { connection: connect(), prefix: '{bench}', concurrency: 8 });
await worker.waitUntilReady();
process.stdout.write('ready\n');
