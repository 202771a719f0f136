import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Figure } from './figures.ts';
import { BenchHome } from './home.ts';
import { median, pairedRatio } from './statistics.ts';

const ROUNDS = 7;

/** From its start until it takes tasks, Redis and the runner included; beside a Node that does nothing. */
export async function start(): Promise<Figure> {
  await using home = await BenchHome.make();
  const [values, floors] = [[] as number[], [] as number[]];
  for (let round = 0; round < ROUNDS; round += 1) {
    floors.push(await emptyNodeMs());
    values.push(await home.startDaemon());
    await home.stopDaemon();
  }
  return {
    what: 'start to ready, compile cache on',
    unit: 'ms',
    value: median(values),
    floor: median(floors),
    ratio: pairedRatio(values, floors),
  };
}

async function emptyNodeMs(): Promise<number> {
  const began = performance.now();
  await promisify(execFile)(process.execPath, ['-e', '0']);
  return performance.now() - began;
}
