import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Logger, multistream, pino, stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';
import type { Redactor } from './secret.ts';

export type { Logger };

const terminal = () => pretty({ sync: true, ignore: 'pid,hostname,service', translateTime: 'SYS:HH:MM:ss' });

/** JSON lines in `file`, and readable ones on standard output where `show` is set. Its level may be changed. */
export function createLogger(options: { file: string; show: boolean; redactor: () => Redactor }): Logger {
  mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  const file = pino.destination({ dest: options.file, mode: 0o600, sync: true });
  const streams = options.show ? [{ stream: file }, { stream: terminal() }] : [{ stream: file }];
  return pino(
    {
      base: { service: 'savorg-ops' },
      timestamp: stdTimeFunctions.isoTime,
      hooks: { streamWrite: (line) => options.redactor().redact(line) },
    },
    multistream(streams.map((stream) => ({ ...stream, level: 'trace' }))),
  );
}
