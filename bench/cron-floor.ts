/** The floor of schedules: a node-cron of its own with as many tasks, all due at the same second, that do nothing. */
import { schedule } from 'node-cron';

const [count = 0, second = 0] = process.argv.slice(2).map(Number);
const before = process.memoryUsage.rss();
const began = performance.now();
const lateMs: number[] = [];
const report = () => {
  const setUpMs = setUp - began;
  process.stdout.write(JSON.stringify({ setUpMs, addedMb: (process.memoryUsage.rss() - before) / 1024 ** 2, lateMs }));
  process.exit();
};
const onDue = () => {
  lateMs.push((Date.now() - second * 1_000) % 60_000);
  if (lateMs.length === count) report();
};
for (let n = 0; n < count; n += 1) schedule(`${second} * * * * *`, onDue, { suppressMissedWarning: true });
const setUp = performance.now();
