import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { endProcesses, groupMembers, type Target } from '../runner/ending.ts';
import type { RunRecord } from '../runner/messages.ts';
import { processName, sameStart } from '../runner/process-table.ts';
import { readBootId, readProcesses } from './processes.ts';

/** A command of an earlier runner whose processes were found at its record. */
export interface Survivor {
  pid: number;
  /** Null where the record could not be read. */
  task_id: string | null;
  step: number | null;
  /** `alive`: not even KILL ended it. `unidentified`: it may be a stranger's, so it was left alone. */
  fate: 'ended' | 'alive' | 'unidentified';
  /** Those that live on, as `<pid> <program>`. */
  leftRunning: string[];
}

export interface SweepOptions {
  /** Where the runner keeps its records, `var/run`. */
  runDir: string;
  /** Between TERM and KILL. */
  graceMs: number;
  /**
   * Whether a group whose leader is gone is ours too. True only just after the runner's death: later its number may
   * belong to somebody else.
   */
  justDied?: boolean;
  /** Processes known otherwise than by a record in the folder. */
  known?: readonly RunRecord[];
}

// Above 1: kill(2) gives 0, 1 and negative numbers a meaning that must not come from a damaged file.
const Record = z.object({
  pid: z.int().min(2),
  start: z.number(),
  boot_id: z.string().min(1),
  task_id: z.string(),
  step: z.int(),
});

/** Ends what an earlier runner left behind, and removes its records. To be called while no runner uses the folder. */
export async function sweepSurvivors(options: SweepOptions): Promise<Survivor[]> {
  const names = await readdir(options.runDir).catch(() => []);
  const files = names.filter((name) => /^[1-9]\d*\.json$/.test(name));
  const unwritten = (options.known ?? []).filter(({ pid }) => !files.includes(`${pid}.json`));
  if (files.length + unwritten.length === 0) return [];
  const bootId = await readBootId();
  const found = await Promise.all([
    ...files.map((name) => sweepFile(name, bootId, options)),
    ...unwritten.map((record) => sweepRecord(record, bootId, options)),
  ]);
  return found.filter((survivor) => survivor !== null);
}

async function sweepFile(name: string, bootId: string, options: SweepOptions): Promise<Survivor | null> {
  const path = join(options.runDir, name);
  const pid = Number.parseInt(name, 10);
  const record = (await readRecord(path)) ?? options.known?.find((known) => known.pid === pid);
  const unreadable: Survivor = { pid, task_id: null, step: null, fate: 'unidentified', leftRunning: [] };
  const survivor = record?.pid === pid ? await sweepRecord(record, bootId, options) : unreadable;
  // What would not die keeps its record: the next start tries again.
  if (survivor?.fate !== 'alive') await rm(path, { force: true });
  return survivor;
}

async function readRecord(path: string): Promise<RunRecord | null> {
  try {
    return Record.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

async function sweepRecord(record: RunRecord, bootId: string, options: SweepOptions): Promise<Survivor | null> {
  if (record.boot_id !== bootId) return null;
  const { pid, start, task_id, step } = record;
  const target: Target = { group: pid, start, tree: true };
  const table = await readProcesses();
  const members = groupMembers(table, target);
  if (members.length === 0) return null;
  const hasLeader = table.some((process) => process.pid === pid && sameStart(process.start, start));
  if (!hasLeader && options.justDied !== true) {
    return { pid, task_id, step, fate: 'unidentified', leftRunning: members.map(processName) };
  }
  const { alive } = await endProcesses(target, options.graceMs, readProcesses);
  return { pid, task_id, step, fate: alive.length === 0 ? 'ended' : 'alive', leftRunning: alive.map(processName) };
}
