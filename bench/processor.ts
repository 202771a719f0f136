import type { Figure } from './figures.ts';
import type { BenchHome } from './home.ts';
import { Floor, opsPeer, type Peer } from './peers.ts';
import { cpuMs } from './processes.ts';

const WARM_UP = 200;
const TASKS = 600;

/** Processor time a task, commands included: the one figure that a busy machine hardly changes. */
export async function processor(home: BenchHome): Promise<Figure[]> {
  const { pids } = home;
  if (!pids) return [];
  await using floor = await Floor.start(home.url);
  await using ops = opsPeer(home);
  const usedByFloor = () => total(floor.pid);
  const usedByOps = () => total(pids.daemon, pids.runner);
  const [value, least] = [await msEach(ops, usedByOps), await msEach(floor.peer, usedByFloor)];
  const what = 'processor time a task, 8 at a time, without Redis';
  return [{ what, unit: 'ms', value, floor: least, ratio: value / least }];
}

async function msEach(peer: Peer, used: () => number): Promise<number> {
  await peer.time(await peer.prepare(WARM_UP));
  const jobs = await peer.prepare(TASKS);
  const before = used();
  await peer.time(jobs);
  return (used() - before) / TASKS;
}

const total = (...pids: number[]) => pids.map(cpuMs).reduce((sum, { own, children }) => sum + own + children, 0);
