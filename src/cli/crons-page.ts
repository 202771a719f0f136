import type { ActionRequest } from '../contract/task.ts';
import { endpointOf } from '../planning/probe.ts';
import { type Definition, startWithinMs } from '../schedule/definition.ts';
import type { ScheduleRecord } from '../services/schedules.ts';
import type { Context } from './context.ts';
import { patternInWords } from './pattern-words.ts';
import { print } from './terminal.ts';

/** `ops crons page`: what runs here by itself, for those who keep this host; the same ledger makes the same page. */
export function cronsPage({ ledger, config }: Context): void {
  const host = config.host.name;
  const sections = ledger.schedules().map((record) => sectionOf(record, host));
  print(
    [`# Schedules of ${host}`, ...(sections.length > 0 ? sections : ['There are none.']), howTo(host)].join('\n\n'),
  );
}

const howTo = (host: string): string => `## How to

- **See** what is due and how it went: \`ops crons\`, \`ops crons next\`, \`ops crons show <name>\`.
- **Pause**: a signed task with the action \`cron.pause\` (\`{ schedule: <name>, reason: <why> }\`); **go on**: \`cron.resume\`.
- **Run now**: a signed task with the action \`cron.run-now\` (\`{ schedule: <name> }\`).
- **Stop for ever**, at once: \`ops veto schedule:${host}/<name> --reason <why>\`.
- **Undo** what one slot did: \`ops undo <name>.<due>\`, as \`ops crons show\` lists them; **undo a definition**: \`ops undo\` of the task that it is defined by.`;

function sectionOf(record: ScheduleRecord, host: string): string {
  const { name, definition, paused } = record;
  const state = paused === '' ? [] : [`**Paused**: ${plain(paused)}`];
  const facts = factsOf(record, host).map(([what, said]) => `- **${what}**: ${said}`);
  return [`## ${name}`, plain(definition.purpose), ...state, facts.join('\n')].join('\n\n');
}

function factsOf({ name, definition, digest, task_id }: ScheduleRecord, host: string): [string, string][] {
  const { pattern, time_zone, expected_ms, limit_ms, alert } = definition;
  const takes = `${ms(expected_ms)}, at most ${ms(limit_ms)}; begins within ${ms(startWithinMs(definition))}`;
  return [
    ['due', `${patternInWords(definition)} (\`${pattern}\`, ${time_zone})`],
    ['owner', plain(definition.owner)],
    ['runs', definition.actions.map(actionInWords).join(', ')],
    ['depends on', dependenciesInWords(definition)],
    ['takes', takes],
    ['overlap', definition.overlap],
    ['catch-up', definition.catch_up],
    ['where it fails', failureInWords(definition)],
    ['alert', `${alert.severity}, after ${failures(alert.after_failures)} in a row`],
    ['valid until', definition.valid_until],
    ['defined by', `\`${task_id}\`, ${digest}`],
    ['means', `\`schedule:${host}/${name}\``],
  ];
}

const actionInWords = ({ action, irreversible }: ActionRequest): string =>
  `\`${action}\`${irreversible ? ' (irreversible)' : ''}`;

function dependenciesInWords({ depends_on }: Definition): string {
  const words = depends_on.map((each) =>
    'schedule' in each ? `\`${each.schedule}\`` : `${plain(each.service.service)} (${plain(endpointOf(each.service))})`,
  );
  return words.join(', ') || 'nothing';
}

function failureInWords({ on_failure, retries, disable_after }: Definition): string {
  const again =
    retries.count === 0
      ? 'not tried again'
      : `tried again ${times(retries.count)}, first after ${ms(retries.backoff_ms)}`;
  const disabled = disable_after === undefined ? [] : [`paused after ${failures(disable_after)} in a row`];
  return [on_failure === 'undo' ? 'undone' : 'left as it is', again, ...disabled].join(', ');
}

const failures = (count: number): string => (count === 1 ? '1 failure' : `${count} failures`);
const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

const UNITS: readonly [number, string][] = [
  [3600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** In the largest unit of which it is a whole number. */
function ms(duration: number): string {
  const [size, unit] = UNITS.find(([each]) => duration % each === 0) ?? [1, 'ms'];
  return `${duration / size} ${unit}`;
}

/** Somebody's text as one line of text: nothing of it is Markdown. */
const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_<>[\]#|~]/g, String.raw`\$&`);
