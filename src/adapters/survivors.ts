import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { endProcesses, groupMembers, type SendSignal, type Target, trySignal } from '../runner/ending.ts';
import type { RunnerRecord, RunRecord } from '../runner/messages.ts';
import { processName, sameStart } from '../runner/process-table.ts';
import { endOldRunner } from './old-runner.ts';
import { readBootId, readProcesses } from './processes.ts';
import { readRegularFile } from './regular-file.ts';

/** A command of an earlier runner whose processes were found at its record, or whose pid was not yet known. */
export interface Survivor {
  /** Null where its runner died while it started it: it runs, or never did. */
  pid: number | null;
  /** Null where the record could not be read. */
  task_id: string | null;
  step: number | null;
  /** `alive`: not even KILL ended it. `unidentified`: it may be a stranger's, so it was left alone. */
  fate: 'ended' | 'alive' | 'unidentified';
  /** Those that live on or may, as `<pid> <program>`. */
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
  /** How to reach processes of another user; as one's own where absent. */
  signal?: SendSignal;
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

/** Ends an earlier runner and what it left behind, and removes its records. To be called while no other uses the folder. */
export async function sweepSurvivors(options: SweepOptions): Promise<Survivor[]> {
  const { runDir, graceMs, known = [], signal = trySignal } = options;
  const bootId = await readBootId();
  const starting = await endOldRunner(runDir, graceMs, bootId, signal);
  const names = await readdir(runDir).catch(() => []);
  const files = names.filter((name) => /^[1-9]\d*\.json$/.test(name)).map((name) => fileOf(name, options));
  const unwritten = known.filter(({ pid }) => !files.some((file) => file.pid === pid));
  const found = await Promise.all([
    ...files.map((file) => sweepFile(file, bootId, options)),
    ...unwritten.map((record) => sweepRecord(record, bootId, options)),
  ]);
  const isRecorded = [...files.map(({ record }) => record), ...unwritten].some(
    (record) => record?.task_id === starting?.task_id && record?.step === starting?.step,
  );
  const unknown = starting && !isRecorded ? [unknownSurvivor(starting)] : [];
  return [...found.filter((survivor) => survivor !== null), ...unknown];
}

function unknownSurvivor({ task_id, step, program }: NonNullable<RunnerRecord['starting']>): Survivor {
  return { pid: null, task_id, step, fate: 'unidentified', leftRunning: [`? ${program}`] };
}

interface RecordFile {
  path: string;
  pid: number;
  /** Null where it is damaged, or of another pid. */
  record: RunRecord | null;
}

function fileOf(name: string, { runDir, known }: SweepOptions): RecordFile {
  const path = join(runDir, name);
  const pid = Number.parseInt(name, 10);
  const record = readRecord(path) ?? known?.find((one) => one.pid === pid);
  return { path, pid, record: record?.pid === pid ? record : null };
}

async function sweepFile(
  { path, pid, record }: RecordFile,
  bootId: string,
  options: SweepOptions,
): Promise<Survivor | null> {
  const unreadable: Survivor = { pid, task_id: null, step: null, fate: 'unidentified', leftRunning: [] };
  const survivor = record ? await sweepRecord(record, bootId, options) : unreadable;
  // What would not die keeps its record: the next start tries again.
  if (survivor?.fate !== 'alive') await rm(path, { force: true, recursive: true });
  return survivor;
}

function readRecord(path: string): RunRecord | null {
  try {
    return Record.parse(JSON.parse(readRegularFile(path)));
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
  const { alive } = await endProcesses(target, options.graceMs, readProcesses, options.signal);
  return { pid, task_id, step, fate: alive.length === 0 ? 'ended' : 'alive', leftRunning: alive.map(processName) };
}
