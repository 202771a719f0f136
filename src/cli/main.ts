#!/usr/bin/env node
import { Command } from 'commander';
import { homeOf } from '../config.ts';
import { coerceError, OpsError } from '../errors.ts';
import { becomeOwner } from './become.ts';
import { controlVerbs } from './control-verbs.ts';
import { cronVerbs } from './cron-verbs.ts';
import { hostVerbs } from './host-verbs.ts';
import { installVerbs } from './install-verbs.ts';
import { keysInit, keysList } from './keys.ts';
import { home, program } from './program.ts';
import { releaseVerbs } from './release-verbs.ts';
import { secretVerbs } from './secret-verbs.ts';
import { taskVerbs } from './task-verbs.ts';
import { tell } from './terminal.ts';

const up = new Command('up').description('run the daemon in this terminal until Ctrl-C').action(async () => {
  process.stdout.removeAllListeners('error');
  becomeOwner(homeOf(home()));
  await import('../main.ts');
});
const keys = new Command('keys').description('the keys of a home');
keys
  .command('init')
  .description('make a home for trying out, with a key for every role')
  .option('--host <name>', "this host's name (the machine's where absent)")
  .action((options: { host?: string }) => keysInit(home(), options));
keys
  .command('list')
  .description('whose signatures count here')
  .action(() => keysList(home()));

for (const verb of [
  up,
  keys,
  ...taskVerbs,
  ...controlVerbs,
  cronVerbs,
  releaseVerbs,
  secretVerbs,
  ...hostVerbs,
  ...installVerbs,
])
  program.addCommand(verb);

// Who reads has seen enough, e.g. `ops tasks | head`.
process.stdout.on('error', () => process.exit());

try {
  await program.parseAsync();
} catch (thrown) {
  const error = coerceError(thrown);
  tell(error instanceof OpsError ? `ops: ${error.message}` : (error.stack ?? error.message));
  process.exitCode = 1;
}
