import { registry } from '../../jobs/index.ts';
import { type CronFile, cronFilesIn } from '../adapters/cron-files.ts';
import { keyRingFile } from '../adapters/etc-files.ts';
import { verifierBy } from '../adapters/verify.ts';
import type { Definition } from '../schedule/definition.ts';
import type { Ledger } from '../services/ledger.ts';
import { type ScheduleView, scheduleViews } from '../services/schedule-view.ts';
import type { Context } from './context.ts';

/** What there is of a name: a schedule of the ledger, a file in the configuration directory, or both. */
export type Cron = { name: string } & ({ view: ScheduleView; file: CronFile | null } | { view: null; file: CronFile });

/** All schedules of this host and all files for some, by name. */
export function cronsOf(context: Context): Cron[] {
  const { ledgerIfAny: ledger, config } = context;
  const views = new Map(ledger ? viewsIn(ledger, context).map((view) => [view.record.name, view]) : []);
  const files = new Map(cronFilesIn(config.home.etc.crons).map((file) => [file.name, file]));
  const known = [...views].map(([name, view]): Cron => ({ name, view, file: files.get(name) ?? null }));
  const added = [...files].flatMap(([name, file]): Cron[] => (views.has(name) ? [] : [{ name, view: null, file }]));
  return [...known, ...added].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** All schedules of the ledger as they stand now. */
export function viewsIn(ledger: Ledger, { config, clock }: Context): ScheduleView[] {
  const ring = keyRingFile(config.home.etc.keyring);
  const verifier = verifierBy(() => ring.current(), clock);
  return scheduleViews({ ledger, registry, verifier, host: config.host.name }, clock.now());
}

/** What is approved, else what is proposed; undefined where the file cannot be used. */
export function definitionOf({ view, file }: Cron): Definition | undefined {
  if (view) return view.record.definition;
  return 'definition' in file.content ? file.content.definition : undefined;
}

/** What a file is beside what the ledger has; null where there is none. */
export function fileState({ view, file }: Cron): 'new' | 'approved' | 'changed' | 'unusable' | null {
  if (file === null) return null;
  if ('problem' in file.content) return 'unusable';
  if (!view) return 'new';
  return file.content.digest === view.record.digest ? 'approved' : 'changed';
}

/** In words: whether it runs, and what a file says of it that is not approved. */
export function stateInWords(cron: Cron): string {
  const { view } = cron;
  const file = fileState(cron);
  const note = file === 'unusable' ? 'its file cannot be used' : 'changed since it was approved';
  if (!view) return file === 'new' ? 'not approved' : note;
  const state = view.why === '' ? view.state : `${view.state}: ${view.why}`;
  return file === null || file === 'approved' ? state : `${state}; ${note}`;
}

/** Why somebody should look at it: it does not run, waits for signatures, or has an alert. Null where nobody need. */
export function attentionTo(cron: Cron): string | null {
  const alerts = Object.keys(cron.view?.record.standing ?? {});
  const state = stateInWords(cron);
  return state === 'active' && alerts.length === 0 ? null : [state, ...alerts].join('; ');
}
