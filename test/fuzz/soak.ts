/** `npm run soak -- --tasks 10000 [--seed N]`: many tasks, random faults, and nothing that grows. */
import { parseArgs } from 'node:util';
import { isAlive, TestHome } from '../integration/test-home.ts';
import { until } from '../integration/until.ts';
import { killNow, standStill, type Victim } from './death.ts';
import { untrueEffects } from './effects.ts';
import { Figures } from './figures.ts';
import { endStrays, violations } from './invariants.ts';
import { Manager } from './manager.ts';
import { Random } from './random.ts';
import { grown, type Size, sizeOf } from './size.ts';

const BATCH = 50;
const OUTSTANDING = 200;
const PATIENCE_MS = 4_000;
const BATCHES_A_FAULT = 4;
const PAUSE_MS = 1_000;

const { values } = parseArgs({
  options: { tasks: { type: 'string', default: '10000' }, seed: { type: 'string', default: String(process.pid) } },
});
const total = Number(values.tasks);
const random = new Random(values.seed);
const figures = new Figures();
const began = performance.now();

/** What befalls the daemon and its Redis; those after the first three leave it alive. */
const FAULTS: readonly [name: string, act: (home: TestHome) => Promise<unknown> | void][] = [
  ['daemon', (home) => kill(home, 'daemon')],
  ['daemon+runner', (home) => kill(home, 'daemon', 'runner')],
  ['all', (home) => kill(home, 'daemon', 'runner', 'redis')],
  ['runner', (home) => kill(home, 'runner')],
  ['redis', (home) => kill(home, 'redis')],
  ['FLUSHALL', ({ redis }) => redis.flushall()],
  ['CLIENT KILL', ({ redis }) => redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')],
  ['pause', (home) => standStill(home.pid, PAUSE_MS)],
];
const DEADLY = 3;

async function kill(home: TestHome, ...victims: Victim[]): Promise<void> {
  for (const victim of victims) killNow(home.root, victim);
  if (!victims.includes('daemon')) return;
  await home.died();
  await home.start();
}

async function soak(home: TestHome): Promise<string[]> {
  const manager = new Manager(home, random, figures);
  let first: Size | undefined;
  for (let sent = 0; sent < total; sent += BATCH) {
    // In the second half one daemon lives through it all, so that what grows can be seen.
    const lives = sent >= total / 2;
    if (sent % (BATCH * BATCHES_A_FAULT) === 0 && sent > 0) await befall(home, lives ? DEADLY : 0);
    await Promise.all(Array.from({ length: BATCH }, () => manager.send(random.chance(90) ? 'brief' : undefined)));
    const few = () => manager.unreported < OUTSTANDING;
    await until('the reports', few, { timeout: PATIENCE_MS }).catch(() => manager.askAgain());
    if (sent >= total * 0.6) first ??= await sizeOf(home);
  }
  const endless = await manager.insist();
  const last = await sizeOf(home);
  for (const [name, size] of Object.entries(last)) figures.add(`${name} (${first?.[name as keyof Size]} before)`, size);
  return [...endless, ...(await violations(home)), ...untrueEffects(home), ...(first ? grown(first, last) : [])];
}

async function befall(home: TestHome, from: number): Promise<void> {
  const [name, act] = random.pick(FAULTS.slice(from));
  figures.killed(name);
  await act(home);
}

await using home = await TestHome.make({ OPS_DASHBOARD: 'off' }, { mortal: true });
await home.start();
figures.violations.push(...(await soak(home)));
endStrays(home.root);
for (const violation of figures.violations) console.error(violation);
const seconds = Math.round((performance.now() - began) / 1000);
console.log(`soak: seed ${values.seed}, ${figures.line()}, ${seconds} s`);
process.exitCode = figures.violations.length === 0 && isAlive(home.pid) ? 0 : 1;
