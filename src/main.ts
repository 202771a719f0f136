import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { homeOf } from './config.ts';
import { coerceError, OpsError, textOf } from './errors.ts';
import type { Home } from './home.ts';
import { live } from './life.ts';
import { ExitCode, Orders } from './orders.ts';
import { Redactor } from './secret.ts';

// The output of tasks passes through as short-lived strings. Measured with 128 MB of it: the process grows by 13 MB
// instead of 60, at the same speed.
setFlagsFromString('--semi-space-growth-factor=1');

/** Of all that this process says. */
const redactor = new Redactor();

/** Entry of the daemon: `node src/main.ts [--home <dir>]`. Its exit codes are in `orders.ts`. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { home: { type: 'string' } }, allowPositionals: true, strict: false });
  const orders = new Orders(process);
  process.umask(0o077);
  try {
    await live(existing(homeOf(typeof values.home === 'string' ? values.home : undefined)), orders, redactor);
    return orders.exitCode ?? ExitCode.STOPPED;
  } catch (error) {
    return fail(error);
  }
}

/** For whoever started it. */
function fail(thrown: unknown): number {
  process.stderr.write(`${redactor.redact(textOf(coerceError(thrown)))}\n`);
  return ExitCode.FAULT;
}

function existing(home: Home): Home {
  if (existsSync(home.root)) return home;
  throw new OpsError(`there is no home ${home.root}: run "ops keys init" to make one, or name another with --home`);
}

// A closed terminal must not end the daemon; its log is a file.
process.on('SIGHUP', () => undefined);
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

// Node would print it as it is.
process.on('uncaughtException', (thrown) => process.exit(fail(thrown)));

process.exit(await main());
