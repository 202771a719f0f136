import { Command, Option } from 'commander';
import type { InstallOptions } from '../install/install.ts';
import { installHere, type PlaceOptions, uninstallHere, upgradeHere } from './install.ts';
import { home } from './program.ts';

/** A verb of installation; the places are options for tests only. */
function installing(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .hook('preAction', unheard)
    .addOption(new Option('--launch-daemons <dir>').default('/Library/LaunchDaemons').hideHelp())
    .addOption(new Option('--bin <dir>').default('/usr/local/bin').hideHelp());
}
/** A lost connection must not leave an installation half done. */
function unheard(): void {
  process.on('SIGHUP', () => undefined);
  process.stdout.removeAllListeners('error').on('error', () => undefined);
  process.stderr.on('error', () => undefined);
}

export const installVerbs: Command[] = [
  installing('install', 'install this version under launchd (macOS, sudo)')
    .option('--host <name>', "this host's name (the machine's where absent)")
    .option('--second-user', 'make a user of their own for the commands of tasks')
    .action((options: PlaceOptions & InstallOptions) => installHere(home(), options)),
  installing('upgrade', 'put this version in the place of the installed one (macOS, sudo)')
    .option('--task <file>', 'the version that this signed task names, as the daemon has root do it')
    .action((options: PlaceOptions & { task?: string }) => upgradeHere(home(), options)),
  installing('uninstall', 'remove program and services; settings and ledger stay (macOS, sudo)').action(
    (options: PlaceOptions) => uninstallHere(home(), options),
  ),
];
