import { utcTime } from '../contract/names.ts';
import type { HeldTask, TaskRecord } from '../services/ledger.ts';
import type { Condition } from '../services/ports.ts';
import type { DashboardSources } from './dashboard.ts';

const LATEST = 10;

/** What this host is doing, for people. */
export interface Status extends Condition {
  host: string;
  tables: { title: string; rows: string[][] }[];
}

export function statusOf(host: string, state: Condition, sources: DashboardSources | null): Status {
  return { host, ...state, tables: sources ? tablesOf(sources) : [] };
}

function tablesOf({ ledger, running, schedules }: DashboardSources): Status['tables'] {
  return [
    { title: 'Running', rows: running().map((taskId) => [taskId]) },
    { title: 'Held', rows: ledger.held().map(heldRow) },
    { title: 'Schedules to see to', rows: schedules().unwell.map(({ name, why }) => [name, why]) },
    { title: 'Latest', rows: ledger.recentTasks(LATEST).map(taskRow) },
  ];
}

function heldRow({ task_id, missing, until }: HeldTask): string[] {
  return [task_id, missing.join(', '), `until ${utcTime(until)}`];
}

function taskRow({ task, claimedAt, ended, undoneBy }: TaskRecord): string[] {
  const outcome = ended ? [ended.outcome, ended.reason].filter(Boolean).join(': ') : 'open';
  return [task.task_id, undoneBy ? `${outcome}, undone` : outcome, utcTime(claimedAt), task.reason];
}
