import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { OpsError } from '../errors.ts';
import { endProcesses, groupAnswers } from '../runner/ending.ts';
import { RUNNER_FILE, type RunnerRecord } from '../runner/messages.ts';
import { readProcesses } from './processes.ts';

const Record = z.object({
  pid: z.int().min(2),
  start: z.number(),
  boot_id: z.string().min(1),
  starting: z.object({ task_id: z.string(), step: z.int(), program: z.string() }).nullable(),
});

/**
 * Ends the runner of a dead daemon: it may be slow, and start what still waits in its pipe when everybody believes that
 * nothing runs. Returns what it was starting when it ended, of which only it knew the pid.
 * @throws OpsError where it cannot be ended.
 */
export async function endOldRunner(runDir: string, graceMs: number, bootId: string): Promise<RunnerRecord['starting']> {
  const path = join(runDir, RUNNER_FILE);
  const record = await readRecord(path);
  if (record?.boot_id !== bootId) return null;
  const { pid, start } = record;
  if (groupAnswers(pid)) {
    const { alive } = await endProcesses({ group: pid, start, tree: false }, graceMs, readProcesses);
    if (alive.length > 0) throw new OpsError(`the runner of an earlier daemon (pid ${pid}) cannot be ended: end it`);
  }
  const last = await readRecord(path);
  await rm(path, { force: true });
  return last?.starting ?? null;
}

async function readRecord(path: string): Promise<RunnerRecord | null> {
  try {
    return Record.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}
