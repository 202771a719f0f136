import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { readDaemonState } from '../src/adapters/daemon-state.ts';
import type { Figure } from './figures.ts';
import type { BenchHome } from './home.ts';
import { memoryMb } from './processes.ts';

const REST_MS = 5_000;
/** People who look at the board are served by the daemon's own process. */
const LOOKS = 20;

/** What daemon and runner hold with nothing to do, after the board was looked at. */
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

/** What they hold after all that was measured with them; V8 takes its time to give back. */
export async function afterWork({ pids }: BenchHome): Promise<Figure[]> {
  await pause(REST_MS);
  return [
    { what: 'the daemon after thousands of tasks', unit: 'MB', value: memoryMb(pids?.daemon).now },
    { what: 'the runner after thousands of tasks', unit: 'MB', value: memoryMb(pids?.runner).now },
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
