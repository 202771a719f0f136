import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from './messages.ts';
import { readProcess } from './process-table.ts';

const recordPath = (runDir: string, pid: number): string => join(runDir, `${pid}.json`);

/**
 * When the process started, as `Process.start` has it. To be called in the tick of the spawn: without /proc it is the
 * present time, and with /proc the entry is sure to be there only until the loop has reaped the process.
 */
export function startOf(pid: number): number {
  return process.platform === 'linux' ? (readProcess(pid)?.start ?? 0) : Date.now();
}

/** Leaves a trace of the process for the sweep after a crash. Returns what went wrong, or an empty text. */
export function writeRecord(runDir: string, record: RunRecord): string {
  try {
    writeFileSync(recordPath(runDir, record.pid), JSON.stringify(record), { mode: 0o600 });
    return '';
  } catch (error) {
    return `its process could not be noted in ${runDir} (${error instanceof Error ? error.message : String(error)})`;
  }
}

export function removeRecord(runDir: string, pid: number): void {
  try {
    rmSync(recordPath(runDir, pid), { force: true });
  } catch {
    // The sweep at the next start finds the process gone and removes it.
  }
}
