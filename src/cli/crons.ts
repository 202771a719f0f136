import { utcTime } from '../contract/names.ts';
import { localTime } from '../schedule/zone.ts';
import type { SlotRecord } from '../services/schedules.ts';
import type { Context } from './context.ts';
import { type Cron, cronsOf, definitionOf, fileState, stateInWords } from './cron-sources.ts';
import { patternInWords } from './pattern-words.ts';
import { print, printData, printTable } from './terminal.ts';

/** `ops crons`: the schedules of this host, and the files that would be some. */
export function crons(context: Context, options: { json?: boolean }): void {
  const all = cronsOf(context);
  if (options.json) return printData(all.map(summaryOf), options);
  if (all.length === 0) return print(`there are no schedules; write one to ${context.config.home.etc.crons}`);
  printTable(['name', 'state', 'due', 'next', 'last'], all.map(rowOf));
  for (const { file } of all)
    if (file && 'problem' in file.content) print(`\n${file.path} cannot be used:\n${file.content.problem}`);
}

function rowOf(cron: Cron): string[] {
  const definition = definitionOf(cron);
  const next = cron.view?.nextAt ?? null;
  return [
    cron.name,
    stateInWords(cron),
    definition ? `${patternInWords(definition)} (${definition.time_zone})` : '',
    definition && next !== null ? localTime(definition.time_zone, next) : '',
    cron.view?.last ? lastInWords(cron.view.last) : '',
  ];
}

const lastInWords = ({ untilAt, state, outcome }: SlotRecord): string =>
  `${utcTime(untilAt)} ${[state, outcome].filter(Boolean).join(', ')}`;

/** What a program wants to know of one. */
function summaryOf(cron: Cron) {
  return { ...aboutCron(cron), last: cron.view?.last ? slotData(cron.view.last) : null };
}

/** How it stands now, without its history. */
export function aboutCron(cron: Cron) {
  const { name, view, file } = cron;
  const definition = definitionOf(cron);
  return {
    name,
    state: view?.state ?? 'not-approved',
    why: view?.why ?? '',
    file: file && {
      path: file.path,
      state: fileState(cron),
      problem: 'problem' in file.content ? file.content.problem : null,
    },
    pattern: definition?.pattern ?? null,
    pattern_in_words: definition ? patternInWords(definition) : null,
    time_zone: definition?.time_zone ?? null,
    next_at: atOrNull(view?.nextAt),
  };
}

const atOrNull = (at: number | null | undefined): string | null =>
  at === null || at === undefined ? null : utcTime(at);

/** A slot's record for programs. */
export function slotData({ dueAt, untilAt, count, state, reason, attempt, durationMs, outcome, ...slot }: SlotRecord) {
  return {
    due_at: utcTime(dueAt),
    until_at: utcTime(untilAt),
    count,
    state,
    outcome,
    reason,
    late: slot.late,
    asked_by: slot.askedBy,
    attempt,
    duration_ms: durationMs,
  };
}
