// A Manager in plain BullMQ: node examples/manager.js <home> <task.json>, with REDIS_URL set.
// Signs as every role whose key lies in <home>/keys, submits, and prints the task's report.
import { readFileSync } from 'node:fs';
import { Queue, Worker } from 'bullmq';
import { attest, taskDigest } from 'savorg-ops/contract';

const [home, file] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const task = read(file);
const roles = ['manager', 'plan-review', 'security'].map((role) => read(`${home}/keys/${role}.jwk`));
const statement = { covers: { task }, issuedAt: new Date(), validForMs: 3_600_000 };
const attestations = await Promise.all(roles.map((key) => attest(key, statement)));

const options = { connection: { url: process.env.REDIS_URL, maxRetriesPerRequest: null }, prefix: '{savorg}' };
const tasks = new Queue(`ops-${task.host}`, options);
const reported = new Promise((resolve) => {
  const results = new Worker(
    'ops-results',
    async ({ data }) => {
      if (data.evidence.digest === taskDigest(task)) resolve([results, data.ops_output]);
    },
    options,
  );
});
await tasks.add(task.operation_type, { task, attestations }, { jobId: task.task_id });
const [results, opsOutput] = await reported;
console.log(JSON.stringify(opsOutput, null, 2));
await Promise.all([results.close(), tasks.close()]);
