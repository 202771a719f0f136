import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { OpsError } from '../errors.ts';
import { endProcesses, type SendSignal } from '../runner/ending.ts';
import { RUNNER_FILE, type RunnerRecord } from '../runner/messages.ts';
import { sameStart } from '../runner/process-table.ts';
import { readProcesses } from './processes.ts';
import { readRegularFile } from './regular-file.ts';

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
export async function endOldRunner(
  runDir: string,
  graceMs: number,
  bootId: string,
  signal: SendSignal,
): Promise<RunnerRecord['starting']> {
  const path = join(runDir, RUNNER_FILE);
  const record = readRecord(path);
  if (record?.boot_id === bootId) await end(record, graceMs, signal);
  const last = readRecord(path);
  // Whatever it is: the next runner must be able to make its own.
  await rm(path, { force: true, recursive: true });
  return last?.boot_id === bootId ? last.starting : null;
}

async function end({ pid, start }: RunnerRecord, graceMs: number, signal: SendSignal): Promise<void> {
  const table = await readProcesses();
  const runner = table.find((process) => process.pid === pid && sameStart(process.start, start));
  // Without it the group is a stranger's by now: nothing else of ours was in it.
  if (!runner) return;
  // Of another user it stands in the group of the sudo that started it.
  const leader = table.find((process) => process.pid === runner.group) ?? runner;
  const target = { group: runner.group, start: leader.start, tree: false };
  const { alive } = await endProcesses(target, graceMs, readProcesses, signal);
  if (alive.some((process) => process.pid === pid))
    throw new OpsError(`the runner of an earlier daemon (pid ${pid}) cannot be ended: end it`);
}

function readRecord(path: string): RunnerRecord | null {
  try {
    return Record.parse(JSON.parse(readRegularFile(path)));
  } catch {
    return null;
  }
}
