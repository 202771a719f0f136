/** Preloaded into a daemon that is measured: answers what the bench asks over the channel that it was started with. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MB = 1024 ** 2;
const delay = monitorEventLoopDelay({ resolution: 1 });
const ballast: unknown[] = [];
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
let commits = 0;

/** What can be asked. */
const answers = {
  /** Makes the process as large as `megabytes`, half buffers, half objects. */
  grow: (megabytes: number): number => {
    while (process.memoryUsage.rss() < megabytes * MB)
      ballast.push(
        Buffer.alloc(MB, 1),
        Array.from({ length: 5_000 }, (_, n) => ({ n, text: `ballast ${n}` })),
      );
    return process.memoryUsage.rss() / MB;
  },
  begin: (): number => {
    commits = 0;
    delay.enable();
    delay.reset();
    return 0;
  },
  /** Commits that wrote something since `begin`: with WAL and FULL each is one wait for the disk. */
  commits: (): number => commits,
  /** How late the event loop was, in ms: the worst but one in a hundred. */
  delay: (): number => {
    delay.disable();
    return delay.percentile(99) / 1e6;
  },
  /** Since `begin`, how late it was at its latest. */
  longestDelay: (): number => delay.max / 1e6,
  /** What it holds in MB when all garbage is collected. */
  live: (): number => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return (heapUsed + external) / MB;
  },
};

export type Question = keyof typeof answers;

const exec: (sql: string) => void = Reflect.get(DatabaseSync.prototype, 'exec');
let changes = 0;
DatabaseSync.prototype.exec = function counted(sql: string): void {
  exec.call(this, sql);
  if (sql !== 'COMMIT') return;
  const now = Number(this.prepare('SELECT total_changes() AS n').get()?.['n']);
  if (now !== changes) commits += 1;
  changes = now;
};

process.on('message', ({ question, argument }: { question: Question; argument: number }) => {
  process.send?.(answers[question](argument));
});
process.channel?.unref();
