import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Figure } from './figures.ts';
import type { BenchHome } from './home.ts';
import { opsPeer } from './peers.ts';
import { memoryMb } from './processes.ts';
import { median } from './statistics.ts';

const ROUNDS = 3;
const MB = 100;
const LINES = `yes ${'x'.repeat(119)} | head -c ${MB}000000`;

/** 100 MB that a task prints: redacted, in its file and, as far as it goes, in its job's log. `home` is fresh. */
export async function output(home: BenchHome): Promise<Figure[]> {
  await using peer = opsPeer(home);
  const [rates, floors] = [[] as number[], [] as number[]];
  for (let round = 0; round < ROUNDS; round += 1) {
    floors.push(await toFile(join(home.home.root, `floor-${round}.txt`)));
    const job = await home.signer.one({ argv: ['/bin/sh', '-c', LINES], output_limit_bytes: 2 * MB * 1024 ** 2 });
    rates.push((MB / (await peer.time([job]))) * 1000);
  }
  const { pids } = home;
  const goal = { at: 'most', bound: 110 } as const;
  return [
    {
      what: '100 MB of output, redacted',
      unit: 'MB/s',
      value: median(rates),
      floor: median(floors),
      goal: { at: 'least', bound: 100 },
    },
    { what: 'the daemon at its largest meanwhile', unit: 'MB', value: memoryMb(pids?.daemon).peak, goal },
    { what: 'the runner at its largest meanwhile', unit: 'MB', value: memoryMb(pids?.runner).peak, goal },
  ];
}

async function toFile(path: string): Promise<number> {
  const began = performance.now();
  await promisify(execFile)('/bin/sh', ['-c', `${LINES} > ${path}`]);
  return (MB / (performance.now() - began)) * 1000;
}
