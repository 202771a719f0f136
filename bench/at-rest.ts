import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { readDaemonState } from '../src/adapters/daemon-state.ts';
import type { Figure } from './figures.ts';
import type { BenchHome } from './home.ts';
import { memoryMb } from './processes.ts';

/** V8 gives memory back some seconds after the last work. */
const REST_MS = 15_000;

/** People who look at the board are served by the daemon's own process. */
const LOOKS = 20;

/** What daemon and runner hold after all that was measured with them, and after the board was looked at, with nothing to do. */
export async function atRest(home: BenchHome): Promise<Figure[]> {
  for (let look = 0; look < LOOKS; look += 1) await lookAtBoard(home);
  await pause(REST_MS);
  const { pids } = home;
  return [
    {
      what: 'the daemon at rest, with the board',
      unit: 'MB',
      value: memoryMb(pids?.daemon).now,
      goal: { at: 'most', bound: 130 },
    },
    { what: 'the runner at rest', unit: 'MB', value: memoryMb(pids?.runner).now, goal: { at: 'most', bound: 70 } },
  ];
}

async function lookAtBoard({ home }: BenchHome): Promise<void> {
  const password = readFileSync(home.var.dashboardPassword, 'utf8').trim();
  const headers = { authorization: `Basic ${Buffer.from(`ops:${password}`).toString('base64')}` };
  for (const path of ['/', '/metrics', '/readyz', '/queues/', '/queues/api/queues?activeQueue=ops-mini-1&page=1']) {
    const response = await fetch(new URL(path, readDaemonState(home.var.daemon)?.dashboard ?? undefined), { headers });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    await response.text();
  }
}
