import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchHome } from './home.ts';
import { opsPeer } from './peers.ts';

const TASKS = 1_500;

/** By the first that fits a function's name and file. What happens at the start is in it too: some 0.2 ms a task. */
const GROUPS: readonly [name: string, pattern: RegExp][] = [
  ['waiting', /^\(idle\)/],
  ['collecting garbage', /^\(garbage/],
  ['the disk: writing commits, waiting for them', /^#commit .*batch\.ts/],
  ['the rest of the ledger (SQLite)', /adapters\/ledger/],
  ['signatures: three checked, one made', /internal\/crypto\/(sig|keys)|contract\/jws/],
  ['Redis: BullMQ, ioredis', /bullmq|ioredis|redis-|msgpackr|^writeUtf8String|^writev/],
  ['the runner: frames to and fro', /src\/runner|adapters\/runner|^writeBuffer/],
  ['YAML for the job’s log', /node_modules\/yaml/],
  ['schemas, digests', /node_modules\/(zod|canonicalize)|internal\/crypto\/hash/],
  ['the line itself', /\/(src|jobs)\//],
  ['loading modules', /internal\/modules|^compile|^stat |^internalModule/],
];
const OTHER = 'Node, unnamed';

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  samples: number[];
  timeDeltas: number[];
}

/** Where the time of the daemon's thread goes at eight tasks at a time: µs a task by what they are spent on. */
export async function profile(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'ops-profile-'));
  {
    await using home = await BenchHome.start(['--cpu-prof', `--cpu-prof-dir=${folder}`]);
    await using peer = opsPeer(home);
    await peer.time(await peer.prepare(TASKS));
  }
  const [name = ''] = readdirSync(folder);
  const found = grouped(JSON.parse(readFileSync(join(folder, name), 'utf8')));
  rmSync(folder, { recursive: true });
  return found;
}

function grouped({ nodes, samples, timeDeltas }: Profile): Record<string, number> {
  const groupOfNode = new Map(nodes.map(({ id, callFrame }) => [id, groupOf(callFrame)]));
  const spent = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const group = groupOfNode.get(id) ?? OTHER;
    spent.set(group, (spent.get(group) ?? 0) + (timeDeltas[index] ?? 0) / TASKS);
  }
  spent.delete('waiting');
  return Object.fromEntries([...spent].toSorted(([, a], [, b]) => b - a));
}

function groupOf({ functionName, url }: Profile['nodes'][number]['callFrame']): string {
  const name = `${functionName} ${url}`;
  return GROUPS.find(([, pattern]) => pattern.test(name))?.[0] ?? OTHER;
}
