import { utcTime } from '../contract/names.ts';
import type { Context } from './context.ts';
import { type ReleaseView, releaseViews } from './release-records.ts';
import { print, printData, printTable } from './terminal.ts';

/** `ops releases`: what each app runs, and what is kept to go back to. */
export function releases({ ledger }: Context, options: { json?: boolean }): void {
  const there = releaseViews(ledger).filter(({ state }) => state !== 'removed');
  if (options.json) return printData(there.map(releaseData), options);
  if (there.length === 0) return print('nothing was deployed here: "deploy.release" in a task does that');
  printTable(['app', 'environment', 'release', 'state', 'since', 'version', 'task'], there.map(rowOf));
}

function rowOf({ release, state }: ReleaseView): string[] {
  const { app, environment, id, version, task_id, madeAt, stableAt } = release;
  return [app, environment, id, state, utcTime(stableAt ?? madeAt), version, task_id];
}

/** A release for programs. */
export function releaseData({ release, state }: ReleaseView) {
  const { id, app, environment, version, tree, task_id, madeAt, stableAt } = release;
  const times = { made_at: utcTime(madeAt), stable_at: stableAt === null ? null : utcTime(stableAt) };
  return { release: id, app, environment, state, version, tree, task_id, ...times };
}
