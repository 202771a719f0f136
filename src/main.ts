import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { systemClock } from './adapters/clock.ts';
import { type Config, loadConfig } from './config.ts';
import { type Secrets, startDaemon } from './daemon.ts';
import { coerceError, OpsError } from './errors.ts';
import { createLogger, type Logger } from './log.ts';
import { Redactor } from './secret.ts';
import { VERSION } from './version.ts';

// The output of tasks passes through as short-lived strings. Measured with 128 MB of it: the process grows by 13 MB
// instead of 60, at the same speed.
setFlagsFromString('--semi-space-growth-factor=1');

const STOPPED = 0;
const FAULT = 1;
/** launchd kills at 45 s. */
const STOP_MS = 40_000;

/** Entry of the daemon: `node src/main.ts [--home <dir>]`. Ends with 0 when it was asked to stop. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { home: { type: 'string' } }, allowPositionals: true, strict: false });
  const secrets = { redactor: new Redactor([]) };
  let log: Logger | undefined;
  try {
    const config = loadConfig(typeof values.home === 'string' ? values.home : undefined);
    const { logLevel: level, home } = config;
    log = createLogger({ level, file: home.var.log, show: process.stdout.isTTY, redactor: () => secrets.redactor });
    process.umask(0o077);
    return await live(config, log, secrets);
  } catch (thrown) {
    const error = coerceError(thrown);
    log?.fatal({ reason: error.message }, 'the daemon cannot go on');
    process.stderr.write(`${error instanceof OpsError ? error.message : error.stack}\n`);
    return FAULT;
  }
}

async function live(config: Config, log: Logger, secrets: Secrets): Promise<number> {
  const asked = stopRequest();
  process.once('uncaughtException', (error) => {
    log.fatal({ reason: error.stack }, 'the daemon cannot go on');
    process.exit(FAULT);
  });
  const daemon = await Promise.race([startDaemon(config, log, secrets), asked]);
  // Asked while it starts, e.g. while it waits for Redis: nothing was begun that the next start could not find.
  if (typeof daemon === 'string') return STOPPED;
  log.info({ host: config.host.name, version: VERSION, dev: config.dev, home: config.home.root }, 'ready');
  const why = await Promise.race([asked, daemon.fault]);
  if (why instanceof Error) throw why;
  log.info({ signal: why }, 'stopping');
  const late = systemClock.wait(STOP_MS).then(() => 'late' as const);
  const ended = await Promise.race([daemon[Symbol.asyncDispose](), late]);
  log.info(ended === 'late' ? 'stopped without waiting any longer' : 'stopped');
  return STOPPED;
}

function stopRequest(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });
}

// A closed terminal must not end the daemon; its log is a file.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exit(await main());
