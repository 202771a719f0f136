/** `npm run fuzz:crons -- --minutes M --seed N [--hosts 3 --crons 200]`: a host dies each minute, and each slot runs once. */
import { parseArgs } from 'node:util';
import { Figures } from './figures.ts';
import { runFleet } from './fleet-run.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(process.pid) },
    hosts: { type: 'string', default: '3' },
    crons: { type: 'string', default: '200' },
  },
});
const [periods, hosts, crons] = [Number(values.minutes), Number(values.hosts), Number(values.crons)];
const run = { hosts, crons, pattern: '* * * * *', periodMs: 60_000, periods, hurried: false };
const figures = new Figures();
figures.violations.push(...(await runFleet(values.seed, run, figures)));
for (const violation of figures.violations) console.error(violation);
console.log(`fuzz:crons: seed ${values.seed}, ${hosts} hosts, ${crons} crons each, ${figures.line()}`);
process.exit(figures.violations.length === 0 ? 0 : 1);
