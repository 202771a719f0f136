import type { Figure } from './figures.ts';
import type { BenchHome } from './home.ts';
import { opsPeer } from './peers.ts';

const WARM_UP = 200;
const TASKS = 600;

/** What a daemon that works on eight tasks at a time asks of the disk, and how late its event loop is. */
export async function underLoad(home: BenchHome): Promise<Figure[]> {
  await using peer = opsPeer(home);
  await peer.time(await peer.prepare(WARM_UP));
  const jobs = await peer.prepare(TASKS);
  await home.ask('begin');
  await peer.time(jobs);
  const [delayMs, commits] = [await home.ask('delay'), await home.ask('commits')];
  return [
    {
      what: 'waits for the disk a task, 8 at a time',
      unit: '',
      value: commits / TASKS,
      goal: { at: 'most', bound: 1 },
    },
    { what: 'event loop late, p99, 8 at a time', unit: 'ms', value: delayMs, goal: { at: 'most', bound: 8 } },
  ];
}
