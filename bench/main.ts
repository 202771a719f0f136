/** `npm run bench`: what savorg-ops costs, beside floors of the same run. `--json` prints the figures as data. */
import { admission } from './admission.ts';
import { afterWork, atRest } from './at-rest.ts';
import { crons } from './crons.ts';
import { type Figure, isMet, tableOf } from './figures.ts';
import { BenchHome } from './home.ts';
import { output } from './output.ts';
import { processor } from './processor.ts';
import { profile } from './profile.ts';
import { speed } from './speed.ts';
import { start } from './start.ts';
import { underLoad } from './under-load.ts';

async function step<T>(what: string, work: Promise<T>): Promise<T> {
  process.stderr.write(`bench: ${what} …\n`);
  return work;
}

async function measure(): Promise<Figure[]> {
  // First: what it compiles, the others find in the cache.
  const figures = [await step('start', start())];
  {
    await using idle = await BenchHome.start();
    figures.push(...(await step('at rest', atRest(idle))));
  }
  {
    await using fresh = await BenchHome.start();
    figures.push(...(await step('output', output(fresh))), await step('admission', admission(fresh)));
  }
  figures.push(...(await step('schedules, some minutes', crons())));
  await using plain = await BenchHome.start();
  await using askable = await BenchHome.startAskable();
  figures.push(...(await step('under load', underLoad(askable))));
  figures.push(...(await step('speed, a minute or more', speed(plain, askable))));
  figures.push(...(await step('processor', processor(plain))), ...(await step('after work', afterWork(plain))));
  return figures;
}

const figures = await measure();
const spent = await step('profile', profile());
if (process.argv.includes('--json')) {
  const judged = figures.map((figure) => ({ ...figure, met: isMet(figure) }));
  console.log(JSON.stringify({ figures: judged, microsecondsOfTheDaemonATask: spent }, null, 2));
} else {
  console.log(tableOf(figures));
  console.log('\nWhere the time of the daemon goes, µs a task, 8 at a time:\n');
  for (const [what, microseconds] of Object.entries(spent))
    console.log(`${microseconds.toFixed(0).padStart(6)}  ${what}`);
}
