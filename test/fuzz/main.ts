/** `npm run fuzz:crash -- --minutes M --seed N`: rounds until the time is over; `--round R` plays one of them again. */
import { parseArgs } from 'node:util';
import { Figures } from './figures.ts';
import { playRound } from './round.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(process.pid) },
    round: { type: 'string' },
  },
});
const { seed, round } = values;
const until = performance.now() + Number(values.minutes) * 60_000;
const figures = new Figures();

async function play(n: number): Promise<void> {
  const found = await playRound(`${seed}/${n}`, figures);
  figures.violations.push(...found);
  if (found.length === 0) return;
  console.error(`${found.join('\n')}\nagain: npm run fuzz:crash -- --seed ${seed} --round ${n}`);
}

if (round !== undefined) await play(Number(round));
else for (let n = 1; performance.now() < until; n += 1) await play(n);
console.log(`fuzz:crash: seed ${seed}, ${figures.line()}`);
process.exit(figures.violations.length === 0 ? 0 : 1);
