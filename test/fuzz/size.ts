import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Process, readProc } from '../../src/runner/process-table.ts';
import type { TestHome } from '../integration/test-home.ts';
import { until } from '../integration/until.ts';

/** What a daemon holds, its Redis aside. */
export interface Size {
  /** In use once all garbage is collected. */
  liveMb: number;
  rssMb: number;
  descriptors: number;
  children: number;
}

const MB = 1024 ** 2;
const file = (root: string): string => `${root}/size.json`;

/** Has this process say what it holds when it is asked by SIGWINCH. */
export function answerSize(root: string): void {
  process.on('SIGWINCH', () => {
    globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    const memory = { liveMb: Math.round((heapUsed + external) / MB), rssMb: Math.round(rss / MB) };
    writeFileSync(file(root), `${JSON.stringify(memory)}\n`);
  });
}

export async function sizeOf({ pid, root }: TestHome): Promise<Size> {
  const isChild = ({ parent, zombie, program }: Process) => parent === pid && !zombie && program !== 'redis-server';
  rmSync(file(root), { force: true });
  process.kill(pid, 'SIGWINCH');
  let text = '';
  await until('the size of the daemon', () => (text = read(file(root))).endsWith('\n'));
  return {
    ...(JSON.parse(text) as Pick<Size, 'liveMb' | 'rssMb'>),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    children: readProc().filter(isChild).length,
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** What chance, and a collector that takes its time, explain. */
const MARGIN: Size = { liveMb: 10, rssMb: 80, descriptors: 10, children: 0 };

/** What of it became more than that. */
export function grown(first: Size, last: Size): string[] {
  const names = Object.keys(MARGIN) as (keyof Size)[];
  return names
    .filter((name) => last[name] > first[name] + MARGIN[name])
    .map((name) => `${name} grew from ${first[name]} to ${last[name]}`);
}
