import { Command } from 'commander';
import { within } from './program.ts';
import { releases } from './releases.ts';
import { releasesShow } from './releases-show.ts';

/** What is asked of the releases of this host. Signed tasks make and remove them. */
export const releaseVerbs: Command = new Command('releases')
  .description('the releases of the apps of this host')
  .addCommand(
    new Command('list')
      .description('what each app runs, and what is kept to go back to')
      .option('--json', 'as JSON')
      .action(within(releases)),
    { isDefault: true },
  )
  .addCommand(
    new Command('show')
      .description('the record of a deploy: what, when, why, by whom, what changed, how it went, how to undo it')
      .argument('<id>')
      .option('--app <name>', 'where two apps have a release of this id')
      .option('--environment <name>', 'where two environments have one')
      .option('--json', 'as JSON')
      .action(within(releasesShow)),
  );
