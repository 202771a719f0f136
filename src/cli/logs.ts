import { systemClock } from '../adapters/clock.ts';
import { LogReader } from '../adapters/log-reader.ts';
import { homeOf } from '../config.ts';
import { OpsError } from '../errors.ts';
import { readable, readEntry } from '../log-text.ts';
import { becomeOwner } from './become.ts';
import { print } from './terminal.ts';

export interface LogsOptions {
  follow?: boolean;
  task?: string;
  lines: number;
  json?: boolean;
}

/** `ops logs`: the newest lines of the daemon's log; with `follow` what comes, until Ctrl-C. Works without a daemon. */
export async function logs(root: string | undefined, options: LogsOptions): Promise<void> {
  const home = homeOf(root);
  becomeOwner(home);
  const path = home.var.log;
  using reader = new LogReader(path);
  const newest = reader.backward().filter(chosenBy(options)).take(options.lines).toArray();
  if (newest.length === 0 && !options.follow) throw new OpsError(`there is nothing of this in ${path}`);
  const show = options.json ? print : (line: string) => print(readable(line));
  for (const line of newest.toReversed()) show(line);
  if (!options.follow) return;
  for await (const line of reader.forward(systemClock)) if (chosenBy(options)(line)) show(line);
}

function chosenBy({ task }: LogsOptions): (line: string) => boolean {
  if (task === undefined) return () => true;
  // Most lines are of other tasks: looking for the text is cheaper than parsing them all.
  return (line) => line.includes(task) && readEntry(line)?.task_id === task;
}
