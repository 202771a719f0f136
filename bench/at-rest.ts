import { setTimeout as pause } from 'node:timers/promises';
import type { Figure } from './figures.ts';
import type { BenchHome } from './home.ts';
import { memoryMb } from './processes.ts';

/** V8 gives memory back some seconds after the last work. */
const REST_MS = 15_000;

/** What daemon and runner hold after all that was measured with them, with nothing to do. */
export async function atRest(home: BenchHome): Promise<Figure[]> {
  await pause(REST_MS);
  const { pids } = home;
  return [
    { what: 'the daemon at rest', unit: 'MB', value: memoryMb(pids?.daemon).now, goal: { at: 'most', bound: 130 } },
    { what: 'the runner at rest', unit: 'MB', value: memoryMb(pids?.runner).now, goal: { at: 'most', bound: 70 } },
  ];
}
