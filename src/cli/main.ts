#!/usr/bin/env node
import { Command, InvalidArgumentError, Option } from 'commander';
import { homeOf } from '../config.ts';
import { VERB_ROLES, type Verb } from '../contract/control.ts';
import { coerceError, OpsError } from '../errors.ts';
import { VERSION } from '../version.ts';
import { alerts } from './alerts.ts';
import { attestHeld } from './attest.ts';
import { auditVerify } from './audit.ts';
import { becomeOwner } from './become.ts';
import { clockAccept } from './clock.ts';
import { Context } from './context.ts';
import { type StatementOptions, sayControl } from './control.ts';
import { dashboard } from './dashboard.ts';
import { installHere, type PlaceOptions, uninstallHere, upgradeHere } from './install.ts';
import { keysInit, keysList } from './keys.ts';
import { type LogsOptions, logs } from './logs.ts';
import { preview } from './preview.ts';
import { redisAcl } from './redis-acl.ts';
import { report } from './report.ts';
import { run } from './run.ts';
import { sign } from './sign.ts';
import { status } from './status.ts';
import { submit } from './submit.ts';
import { tasks } from './tasks.ts';
import { tell } from './terminal.ts';
import { undo } from './undo.ts';

const program = new Command('ops')
  .description('Runs exactly the approved operations on this machine, and can take them back.')
  .version(VERSION)
  .option('--home <dir>', 'the home to work with (OPS_HOME, or .ops below here)');

const home = () => program.opts<{ home?: string }>().home;

/** Runs a verb with its context. */
function within<A extends unknown[]>(verb: (context: Context, ...args: A) => Promise<void> | void) {
  return async (...args: A) => {
    await using context = new Context(home());
    await verb(context, ...args);
  };
}

program
  .command('up')
  .description('run the daemon in this terminal until Ctrl-C')
  .action(async () => {
    process.stdout.off('error', endUnread);
    becomeOwner(homeOf(home()));
    await import('../main.ts');
  });

const keys = program.command('keys').description('the keys of a home');
keys
  .command('init')
  .description('make a home for trying out, with a key for every role')
  .option('--host <name>', "this host's name (the machine's where absent)")
  .action((options: { host?: string }) => keysInit(home(), options));
keys
  .command('list')
  .description('whose signatures count here')
  .action(() => keysList(home()));

program
  .command('sign')
  .description('add a signature to a task; writes <task>.signed.json')
  .argument('<file>', 'a task in YAML or JSON, or an already signed one')
  .requiredOption('--as <role>', 'manager, plan-review, security or operator')
  .option('--key <file>', "the role's private key")
  .action(within(sign));
program.command('preview').description('show what a task would change').argument('<file>').action(within(preview));
program
  .command('submit')
  .description('enqueue a signed task')
  .argument('<file>')
  .option('--follow', 'show its log and its report')
  .action(within(submit));
program
  .command('run')
  .description('sign with every role key here, submit, follow, print the report')
  .argument('<file>')
  .action(within(run));
for (const [verb, role, name] of [
  ['approve', 'plan-review', 'PlanReview'],
  ['clear', 'security', 'Security'],
] as const) {
  program
    .command(verb)
    .description(`${verb} a held task, as ${name}`)
    .argument('<task_id>', 'its id or digest')
    .option('--key <file>', `${name}'s private key`)
    .action(within((context, task: string, options: { key?: string }) => attestHeld(context, task, role, options)));
}
program
  .command('report')
  .description("print a task's report")
  .argument('<task_id>')
  .option('--json', 'as JSON')
  .option('--wait', 'until the task has ended')
  .action(within(report));
program.command('tasks').description('list tasks, the newest first').option('--json', 'as JSON').action(within(tasks));
program
  .command('undo')
  .description("take a task's work back")
  .argument('<task_id>')
  .option('--action <n>', 'only its nth action', positive)
  .option('--reason <text>', 'why', 'asked for by the operator')
  .option('--key <file>', "the operator's private key")
  .action(within(undo));
for (const [verb, what, targets, role] of [
  [
    'veto',
    'forbid for ever, as Security',
    'a task_id, or plan:<id>, commit:<id>, artifact:<digest>, host:<name>',
    'security',
  ],
  ['cancel', 'withdraw for a day', 'a task_id, or plan:<id>', 'operator'],
  ['pause', 'hold what has not begun, for a day', 'host:<name>, host:*, plan:<id> or a task_id', 'operator'],
  ['resume', 'end a pause', 'what was paused', 'operator'],
] as const) {
  controlVerb(verb, what, targets, role).requiredOption('--reason <text>', 'why');
}
controlVerb('acknowledge', 'take care of an alert', 'an alert_id, see "ops alerts"', 'operator').option(
  '--reason <text>',
  'what about it',
  'seen',
);
program
  .command('alerts')
  .description('list alerts, the newest first')
  .option('--json', 'as JSON')
  .action(within(alerts));
program
  .command('status')
  .description('what this host is doing')
  .option('--json', 'as JSON')
  .action((options: { json?: boolean }) => status(home(), options));
program
  .command('logs')
  .description("the daemon's log, readable")
  .option('--follow', 'go on with what comes, until Ctrl-C')
  .option('--task <task_id>', 'only of this task')
  .option('--lines <n>', 'how many', positive, 100)
  .option('--json', 'as they stand in the file')
  .action((options: LogsOptions) => logs(home(), options));
program
  .command('dashboard')
  .description('where to look at the queues in a browser')
  .option('--json', 'as JSON')
  .action((options: { json?: boolean }) => dashboard(home(), options));
program
  .command('audit')
  .description('the audit log')
  .command('verify')
  .description('whether nothing in it was changed')
  .option('--against <files...>', 'reports kept elsewhere, as JSON from the results queue; - is standard input')
  .action(within(auditVerify));

program
  .command('redis')
  .description('the Redis that Ops uses')
  .command('acl')
  .description('print its users for an aclfile: manager, approvers, dashboard, daemon')
  .option('--passwords <dir>', 'a folder with a password for each of them; what is missing is made')
  .action(within(redisAcl));

program
  .command('clock')
  .description("this host's clock")
  .command('accept')
  .description('say that it is right, and a later time that was seen here was not, as the operator')
  .option('--key <file>', "the operator's private key")
  .action(within(clockAccept));

/** A verb that is said to all hosts. */
function controlVerb(verb: Verb, what: string, targets: string, role: string): Command {
  return program
    .command(verb)
    .description(what)
    .argument('<target>', targets)
    .option('--as <role>', VERB_ROLES[verb].join(' or '), role)
    .option('--key <file>', 'the private key')
    .action(within((context, target: string, options: StatementOptions) => sayControl(context, verb, target, options)));
}

/** A verb of installation; the places are options for tests only. */
function installing(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .hook('preAction', unheard)
    .addOption(new Option('--launch-daemons <dir>').default('/Library/LaunchDaemons').hideHelp())
    .addOption(new Option('--bin <dir>').default('/usr/local/bin').hideHelp());
}
/** A lost connection must not leave an installation half done. */
function unheard(): void {
  process.on('SIGHUP', () => undefined);
  process.stdout.off('error', endUnread).on('error', () => undefined);
  process.stderr.on('error', () => undefined);
}
installing('install', 'install this version under launchd (macOS, sudo)')
  .option('--host <name>', "this host's name (the machine's where absent)")
  .action((options: PlaceOptions & { host?: string }) => installHere(home(), options));
installing('upgrade', 'put this version in the place of the installed one (macOS, sudo)').action(
  (options: PlaceOptions) => upgradeHere(home(), options),
);
installing('uninstall', 'remove program and services; settings and ledger stay (macOS, sudo)').action(
  (options: PlaceOptions) => uninstallHere(home(), options),
);

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a number from 1');
  return value;
}

/** Who reads has seen enough, e.g. `ops tasks | head`. */
function endUnread(): void {
  process.exit();
}

process.stdout.on('error', endUnread);

try {
  await program.parseAsync();
} catch (thrown) {
  const error = coerceError(thrown);
  tell(error instanceof OpsError ? `ops: ${error.message}` : (error.stack ?? error.message));
  process.exitCode = 1;
}
