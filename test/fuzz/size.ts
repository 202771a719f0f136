import { readdirSync, readFileSync } from 'node:fs';
import { readProc } from '../../src/runner/process-table.ts';

/** What a process holds. */
export interface Size {
  mb: number;
  descriptors: number;
  children: number;
}

export function sizeOf(pid: number): Size {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return {
    mb: Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    children: readProc().filter(({ parent, zombie }) => parent === pid && !zombie).length,
  };
}

const MORE_MB = 40;
const MORE_DESCRIPTORS = 10;

/** What of it became more than chance explains. */
export function grown(first: Size, last: Size): string[] {
  return [
    ...(last.mb > first.mb + MORE_MB ? [`memory grew from ${first.mb} to ${last.mb} MB`] : []),
    ...(last.descriptors > first.descriptors + MORE_DESCRIPTORS
      ? [`descriptors grew from ${first.descriptors} to ${last.descriptors}`]
      : []),
    ...(last.children > first.children ? [`children grew from ${first.children} to ${last.children}`] : []),
  ];
}
