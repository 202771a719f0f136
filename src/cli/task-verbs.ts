import { Command } from 'commander';
import { attestHeld } from './attest.ts';
import { preview } from './preview.ts';
import { positive, within } from './program.ts';
import { report } from './report.ts';
import { run } from './run.ts';
import { sign } from './sign.ts';
import { submit } from './submit.ts';
import { tasks } from './tasks.ts';
import { undo } from './undo.ts';

/** What is done with one task, from its signing to its undo. */
export const taskVerbs: Command[] = [
  new Command('sign')
    .description('add a signature to a task; writes <task>.signed.json')
    .argument('<file>', 'a task in YAML or JSON, or an already signed one')
    .requiredOption('--as <role>', 'manager, plan-review, security or operator')
    .option('--key <file>', "the role's private key")
    .action(within(sign)),
  new Command('preview').description('show what a task would change').argument('<file>').action(within(preview)),
  new Command('submit')
    .description('enqueue a signed task')
    .argument('<file>')
    .option('--follow', 'show its log and its report')
    .action(within(submit)),
  new Command('run')
    .description('sign with every role key here, submit, follow, print the report')
    .argument('<file>')
    .action(within(run)),
  ...(
    [
      ['approve', 'plan-review', 'PlanReview'],
      ['clear', 'security', 'Security'],
    ] as const
  ).map(([verb, role, name]) =>
    new Command(verb)
      .description(`${verb} a held task, as ${name}`)
      .argument('<task_id>', 'its id or digest')
      .option('--key <file>', `${name}'s private key`)
      .action(within((context, task: string, options: { key?: string }) => attestHeld(context, task, role, options))),
  ),
  new Command('report')
    .description("print a task's report")
    .argument('<task_id>')
    .option('--json', 'as JSON')
    .option('--wait', 'until the task has ended')
    .action(within(report)),
  new Command('tasks').description('list tasks, the newest first').option('--json', 'as JSON').action(within(tasks)),
  new Command('undo')
    .description("take a task's work back")
    .argument('<task_id>')
    .option('--action <n>', 'only its nth action', positive)
    .option('--reason <text>', 'why', 'asked for by the operator')
    .option('--key <file>', "the operator's private key")
    .action(within(undo)),
];
