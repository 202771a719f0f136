/** What schedules cost. `node bench/crons.ts` measures this part alone. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Figure, tableOf } from './figures.ts';
import { BenchHome } from './home.ts';
import { cpuMs, memoryMb } from './processes.ts';
import { definedBy, rarely, writeSchedules } from './schedules.ts';
import { untilEnded, watchSlots } from './slot-watch.ts';
import { median, percentile } from './statistics.ts';

const COUNTS = [1_000, 10_000];
const ROUNDS = 5;
const INSIDE = ['--import', join(import.meta.dirname, 'inside.ts')];
const REST_MS = 3_000;
const IDLE_MS = 20_000;
const MINUTE_MS = 60_000;
/** From the writing of schedules until they are due: the daemon must be ready by then, on a busy machine too. */
const leadMs = (count: number) => 8_000 + count;

export async function crons(): Promise<Figure[]> {
  const figures = await resting();
  for (const count of COUNTS) figures.push(...(await dueAtOnce(count)));
  return [...figures, ...(await spread(1_000))];
}

interface Rest {
  readyMs: number[];
  rssMb: number[];
  liveMb: number[];
}

/** Starts with none and with some, in turns. */
async function resting(): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const homes: { count: number; home: BenchHome; rest: Rest }[] = [];
  for (const count of [0, ...COUNTS]) {
    const home = stack.use(await BenchHome.make(INSIDE));
    writeSchedules(home.home, definedBy(rarely, count));
    homes.push({ count, home, rest: { readyMs: [], rssMb: [], liveMb: [] } });
  }
  for (let round = 0; round < ROUNDS; round += 1) for (const { home, rest } of homes) await startOnce(home, rest);
  const [none, ...some] = homes.map(({ count, rest }) => ({ count, rest }));
  const idle = homes.find(({ count }) => count === COUNTS[0])?.home;
  return [
    ...some.flatMap(({ count, rest }) => addedBy(count, rest, none?.rest ?? rest)),
    ...(idle ? await atRest(idle) : []),
  ];
}

async function startOnce(home: BenchHome, rest: Rest): Promise<void> {
  rest.readyMs.push(await home.startDaemon());
  await pause(REST_MS);
  rest.rssMb.push(memoryMb(home.pids?.daemon).now ?? Number.NaN);
  rest.liveMb.push(await home.ask('live'));
  await home.stopDaemon();
}

function addedBy(count: number, some: Rest, none: Rest): Figure[] {
  const added = (of: keyof Rest) => median(some[of].map((value, round) => value - (none[of][round] ?? Number.NaN)));
  const goal = (bound: number) => (count === COUNTS[0] ? { goal: { at: 'most' as const, bound } } : {});
  const by = `${count} schedules add`;
  return [
    { what: `start to ready: ${by}`, unit: 'ms', value: added('readyMs'), floor: median(none.readyMs), ...goal(1_000) },
    { what: `memory: ${by}`, unit: 'MB', value: added('rssMb'), floor: median(none.rssMb), ...goal(30) },
    { what: `live objects: ${by}`, unit: 'MB', value: added('liveMb'), floor: median(none.liveMb) },
  ];
}

async function atRest(home: BenchHome): Promise<Figure[]> {
  await home.startDaemon();
  await pause(REST_MS);
  const { pids } = home;
  if (!pids) return [];
  const before = cpuMs(pids.daemon).own;
  await pause(IDLE_MS);
  const value = ((cpuMs(pids.daemon).own - before) / IDLE_MS) * 100;
  return [{ what: `processor at rest with ${COUNTS[0]} schedules`, unit: '%', value }];
}

/** All due in the same second. */
async function dueAtOnce(count: number): Promise<Figure[]> {
  const what = (text: string) => `${count} due at once: ${text}`;
  const floor = await floorOf(count);
  await using home = await BenchHome.make(INSIDE);
  const dueAt = Math.ceil((Date.now() + leadMs(count)) / 1_000) * 1_000;
  const schedules = definedBy(() => `${new Date(dueAt).getUTCSeconds()} * * * * *`, count);
  writeSchedules(home.home, schedules);
  await home.startDaemon();
  await pause(dueAt - 1_000 - Date.now());
  if (Date.now() > dueAt) throw new Error('the daemon was not ready in time');
  await home.ask('begin');
  const usedBefore = home.pids ? cpuMs(home.pids.daemon).own : Number.NaN;
  const { claimed, queued } = await watchSlots(home, dueAt, count);
  const [p99, longest] = [await home.ask('delay'), await home.ask('longestDelay')];
  const endedMs = await untilEnded(home, dueAt, MINUTE_MS - 1_000);
  const usedMs = home.pids ? cpuMs(home.pids.daemon).own - usedBefore : Number.NaN;
  const goal = count === COUNTS[0] ? { goal: { at: 'most' as const, bound: 100 } } : {};
  const late = floor.lateMs;
  return [
    { what: what('claimed on the disk, p50'), unit: 'ms', value: median(claimed), floor: median(late) },
    {
      what: what('claimed on the disk, p99'),
      unit: 'ms',
      value: percentile(claimed, 99),
      floor: percentile(late, 99),
      ...goal,
    },
    { what: what('on the queue, p50'), unit: 'ms', value: median(queued) },
    { what: what('on the queue, p99'), unit: 'ms', value: percentile(queued, 99) },
    { what: what('event loop late until then, p99'), unit: 'ms', value: p99 },
    { what: what('event loop late until then, longest'), unit: 'ms', value: longest },
    { what: what('all have run'), unit: 'ms', value: endedMs },
    { what: what('processor time of the daemon a slot, runs included'), unit: 'ms', value: endedMs && usedMs / count },
    { what: `node-cron alone, ${count} tasks: memory`, unit: 'MB', value: floor.addedMb },
    { what: `node-cron alone, ${count} tasks: set up`, unit: 'ms', value: floor.setUpMs },
    { what: `${count} rows of slots put into a bare SQLite`, unit: 'ms', value: bareInsertMs(home, count) },
  ];
}

/** Due at a second of each, within one minute. */
async function spread(count: number): Promise<Figure[]> {
  await using home = await BenchHome.make(INSIDE);
  writeSchedules(
    home.home,
    definedBy(() => 'H * * * * *', count),
  );
  await home.startDaemon();
  const from = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
  const { claimed, queued } = await watchSlots(home, from, count);
  const goal = { at: 'most' as const, bound: 100 };
  return [
    { what: `${count} due over a minute: claimed, p99`, unit: 'ms', value: percentile(claimed, 99), goal },
    { what: `${count} due over a minute: on the queue, p99`, unit: 'ms', value: percentile(queued, 99) },
  ];
}

interface CronFloor {
  setUpMs: number;
  addedMb: number;
  lateMs: number[];
}

async function floorOf(count: number): Promise<CronFloor> {
  const second = new Date(Date.now() + leadMs(count) / 2).getUTCSeconds();
  const program = join(import.meta.dirname, 'cron-floor.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [program, `${count}`, `${second}`]);
  return JSON.parse(stdout);
}

/** The rows of slots as the daemon wrote them, in one transaction that waits for the disk. */
function bareInsertMs({ home }: BenchHome, count: number): number {
  using db = new DatabaseSync(join(home.var.dir, 'floor.db'));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  db.exec(`ATTACH '${home.var.ledger}' AS ops; CREATE TABLE slots AS SELECT * FROM ops.slots WHERE 0;`);
  const rows = db
    .prepare('SELECT * FROM ops.slots LIMIT ?')
    .all(count)
    .map((row) => Object.values(row));
  const insert = db.prepare(`INSERT INTO slots VALUES (${rows[0]?.map(() => '?').join()})`);
  const began = performance.now();
  db.exec('BEGIN');
  for (const row of rows) insert.run(...row);
  db.exec('COMMIT');
  return performance.now() - began;
}

if (import.meta.main) console.log(tableOf(await crons()));
