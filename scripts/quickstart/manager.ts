import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'bullmq';
import { KeyRing, queueNames, type Report, verifyReport } from '../../src/contract/index.ts';

/** Reads the results queue as Manager does, and believes only what the host has signed. */
export async function collectReports(home: string) {
  const url = (await readFile(join(home, 'var/redis/url'), 'utf8')).trim();
  const ring = KeyRing.parse(JSON.parse(await readFile(join(home, 'etc/keyring.json'), 'utf8')));
  const { prefix, results } = queueNames();
  const read: Report[] = [];
  const options = { connection: { url, maxRetriesPerRequest: null }, prefix };
  const worker = new Worker(results, async ({ data }) => read.push(await verifyReport(data, ring)), options);
  return {
    /** Resolves with all reports once there is one for each of these (beginnings of) task ids. */
    async reports(expected: string[]): Promise<Report[]> {
      while (read.length < expected.length) await new Promise((resolve) => worker.once('completed', resolve));
      const missing = expected.filter((id) => !read.some(({ ops_output }) => ops_output.task_id.startsWith(id)));
      if (missing.length > 0) throw new Error(`there is no report of ${missing.join(', ')}`);
      return read;
    },
    close: () => worker.close(),
  };
}
