import { utcTime } from '../contract/names.ts';
import type { Context } from './context.ts';
import { printData, printTable } from './terminal.ts';

const LISTED = 50;

/** `ops tasks`: the newest claimed tasks, and those that are held. */
export function tasks({ ledger }: Context, options: { json?: boolean }): void {
  const ran = ledger.recentTasks(LISTED).map(({ task, claimedAt, ended, undoneBy }) => ({
    task_id: task.task_id,
    state: ended?.outcome ?? 'open',
    at: utcTime(claimedAt),
    note: undoneBy ? `undone by ${undoneBy}` : (ended?.reason ?? ''),
  }));
  const held = ledger.held().map(({ task_id, missing, until }) => ({
    task_id,
    state: 'held',
    at: `until ${utcTime(until)}`,
    note: missing.join(', '),
  }));
  const all = [...held, ...ran];
  if (options.json) printData(all, options);
  else
    printTable(
      ['task', 'state', 'at', 'note'],
      all.map(({ task_id, state, at, note }) => [task_id, state, at, note]),
    );
}
