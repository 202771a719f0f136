import { Command, Option } from 'commander';
import { home } from './program.ts';
import { type SecretsOptions, secretsCheck, secretsList } from './secrets.ts';

/** What is asked about the secrets of this host. None of these verbs shows one. */
export const secretVerbs: Command = new Command('secrets')
  .description('the secrets of this host, by name')
  .addCommand(
    new Command('list')
      .description('those in etc/secrets, how a task names them, and whether they can be fetched')
      .option('--json', 'as JSON')
      .action((options: { json?: boolean }) => secretsList(home(), options)),
  )
  .addCommand(
    new Command('check')
      .description('look for secrets that stand in settings, or that others can read')
      .option('--json', 'as JSON')
      .addOption(new Option('--launch-daemons <dir>').default('/Library/LaunchDaemons').hideHelp())
      .action((options: SecretsOptions) => secretsCheck(home(), options)),
  );
