import { closeSync, constants, fchmodSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from './messages.ts';
import { readProcess } from './process-table.ts';

const sparePath = (runDir: string, n: number): string => join(runDir, `spare-${n}`);
const recordPath = (runDir: string, pid: number): string => join(runDir, `${pid}.json`);

/**
 * When the process started, as `Process.start` has it. To be called in the tick of the spawn: without /proc it is the
 * present time, and with /proc the entry is sure to be there only until the loop has reaped the process.
 */
export function startOf(pid: number): number {
  return process.platform === 'linux' ? (readProcess(pid)?.start ?? 0) : Date.now();
}

/** The same of this process. */
export function ownStart(): number {
  return process.platform === 'linux' ? startOf(process.pid) : Date.now() - process.uptime() * 1000;
}

/** Of every record, so that none leaves an end of the one before: more than the longest task_id needs. */
const RECORD_BYTES = 512;

/** How many files of ended runs wait to be used again: on ext4 it is dear to make a file where many were removed of late. */
let spares = 0;

/** Leaves a trace of the process for the sweep after a crash. Returns what went wrong, or an empty text. */
export function writeRecord(runDir: string, record: RunRecord): string {
  try {
    spares = Math.max(0, spares - 1);
    const spare = sparePath(runDir, spares);
    writeOver(spare, JSON.stringify(record).padEnd(RECORD_BYTES), recordMode(runDir));
    renameSync(spare, recordPath(runDir, record.pid));
    return '';
  } catch (error) {
    return `its process could not be noted in ${runDir} (${error instanceof Error ? error.message : String(error)})`;
  }
}

export function removeRecord(runDir: string, pid: number): void {
  try {
    renameSync(recordPath(runDir, pid), sparePath(runDir, spares));
    spares += 1;
  } catch {
    // The sweep at the next start finds the process gone and removes it.
  }
}

/** In a folder of a group's the daemon is another user, and reads by the group. */
export const recordMode = (runDir: string): number => ((statSync(runDir).mode & 0o020) === 0 ? 0o600 : 0o640);

/** Without cutting it first, which ext4 answers by going to the disk at the close. Waits for no pipe in its place. */
function writeOver(path: string, content: string, mode: number): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK, mode);
  try {
    // The umask came from who started it.
    fchmodSync(file, mode);
    writeSync(file, content);
  } finally {
    closeSync(file);
  }
}
