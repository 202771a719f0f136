import { Command } from 'commander';
import { crons } from './crons.ts';
import { cronsNext } from './crons-next.ts';
import { cronsPage } from './crons-page.ts';
import { cronsShow } from './crons-show.ts';
import { cronsTask } from './crons-task.ts';
import { positive, within } from './program.ts';

/** What is asked of the schedules of this host. Signed tasks change them. */
export const cronVerbs: Command = new Command('crons')
  .description('the schedules of this host')
  .addCommand(
    new Command('list')
      .description('how each stands, when it is due and how it went')
      .option('--json', 'as JSON')
      .action(within(crons)),
    { isDefault: true },
  )
  .addCommand(
    new Command('show')
      .description('all that is known of one schedule')
      .argument('<name>')
      .option('--json', 'as JSON')
      .action(within(cronsShow)),
  )
  .addCommand(
    new Command('next')
      .description('what will be due, in order')
      .option('--days <n>', 'how far ahead', positive, 7)
      .option('--json', 'as JSON')
      .action(within(cronsNext)),
  )
  .addCommand(new Command('page').description('a page about all of them, in Markdown').action(within(cronsPage)))
  .addCommand(
    new Command('task')
      .description('print the task that defines a schedule as its file in etc/crons says, to be signed')
      .argument('<name>')
      .option('--plan <id>', 'the plan it belongs to (one of its own where absent)')
      .option('--host <name>', 'where it shall run (this host where absent)')
      .action(within(cronsTask)),
  );
