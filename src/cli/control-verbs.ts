import { Command } from 'commander';
import { VERB_ROLES, type Verb } from '../contract/control.ts';
import { alerts } from './alerts.ts';
import { type StatementOptions, sayControl } from './control.ts';
import { within } from './program.ts';

/** A verb that is said to all hosts. */
function controlVerb(verb: Verb, what: string, targets: string, role: string): Command {
  return new Command(verb)
    .description(what)
    .argument('<target>', targets)
    .option('--as <role>', VERB_ROLES[verb].join(' or '), role)
    .option('--key <file>', 'the private key')
    .action(within((context, target: string, options: StatementOptions) => sayControl(context, verb, target, options)));
}

/** What is said to all hosts, and what they say. */
export const controlVerbs: Command[] = [
  ...(
    [
      [
        'veto',
        'forbid for ever, as Security',
        'a task_id, or plan:<id>, commit:<id>, artifact:<digest>, host:<name>',
        'security',
      ],
      ['cancel', 'withdraw for a day', 'a task_id, or plan:<id>', 'operator'],
      ['pause', 'hold what has not begun, for a day', 'host:<name>, host:*, plan:<id> or a task_id', 'operator'],
      ['resume', 'end a pause', 'what was paused', 'operator'],
    ] as const
  ).map(([verb, what, targets, role]) =>
    controlVerb(verb, what, targets, role).requiredOption('--reason <text>', 'why'),
  ),
  controlVerb('acknowledge', 'take care of an alert', 'an alert_id, see "ops alerts"', 'operator').option(
    '--reason <text>',
    'what about it',
    'seen',
  ),
  new Command('alerts').description('list alerts, the newest first').option('--json', 'as JSON').action(within(alerts)),
];
