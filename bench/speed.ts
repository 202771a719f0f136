import type { Figure } from './figures.ts';
import type { BenchHome } from './home.ts';
import { Floor, opsPeer, type Peer } from './peers.ts';
import { median, pairedRatio } from './statistics.ts';

const ROUNDS = 15;
const TRIPS = 40;
const TASKS = 120;
const BALLAST_MB = 400;

interface Series {
  tripMs: number[];
  perSecond: number[];
}

/** Round trip and throughput beside the floor, with a daemon as it is and with one of 400 MB; all in turns, in short rounds. */
export async function speed(plain: BenchHome, heavy: BenchHome): Promise<Figure[]> {
  await heavy.ask('grow', BALLAST_MB);
  await using stack = new AsyncDisposableStack();
  const { peer } = stack.use(await Floor.start(plain.url));
  const peers = [peer, stack.use(opsPeer(plain)), stack.use(opsPeer(heavy))];
  const series: Series[] = peers.map(() => ({ tripMs: [], perSecond: [] }));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [index, each] of peers.entries()) {
      const [tripMs, perSecond] = [await roundTripMs(each), await tasksPerSecond(each)];
      // The first round only warms up.
      if (round === 0) continue;
      series[index]?.tripMs.push(tripMs);
      series[index]?.perSecond.push(perSecond);
    }
  }
  const [floor, ops, ballasted] = series as [Series, Series, Series];
  return [
    figure('round trip, one at a time', 'tripMs', ops, floor, { at: 'most', bound: 1.65 }),
    figure('tasks per second, 8 at a time', 'perSecond', ops, floor, { at: 'least', bound: 0.75 }),
    figure('round trip with 400 MB, beside that without', 'tripMs', ballasted, ops, { at: 'most', bound: 1.1 }),
    figure('tasks per second with 400 MB', 'perSecond', ballasted, ops, { at: 'least', bound: 0.9 }),
  ];
}

function figure(
  what: string,
  of: keyof Series,
  measured: Series,
  floor: Series,
  goal: NonNullable<Figure['goal']>,
): Figure {
  const [values, floors] = [measured[of], floor[of]];
  const ratio = pairedRatio(values, floors);
  return { what, unit: of === 'tripMs' ? 'ms' : '/s', value: median(values), floor: median(floors), ratio, goal };
}

async function roundTripMs(peer: Peer): Promise<number> {
  const times: number[] = [];
  for (const job of await peer.prepare(TRIPS)) times.push(await peer.time([job]));
  return median(times);
}

async function tasksPerSecond(peer: Peer): Promise<number> {
  const jobs = await peer.prepare(TASKS);
  return (TASKS / (await peer.time(jobs))) * 1000;
}
