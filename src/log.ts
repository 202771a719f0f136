import { pino, stdTimeFunctions } from 'pino';
import { type Redactor, redacted } from './secret.ts';
import { visible } from './visible.ts';

/** What a line says besides its time, level, service and event. */
export interface LogFields {
  task_id?: string | null;
  /** e.g. `config.file` */
  action?: string | null;
  outcome?: string | null;
  /** Why, in words. */
  reason?: string | null;
  duration_ms?: number | null;
  /** What else is known of this event, e.g. a port. */
  detail?: object | null;
}

/** Each line has each of them, so that nobody who searches must ask whether a key is there. */
const NOTHING: Required<LogFields> = {
  task_id: null,
  action: null,
  outcome: null,
  reason: null,
  duration_ms: null,
  detail: null,
};

type Say = (fields: LogFields, event: string) => void;
export type Logger = Record<'fatal' | 'error' | 'warn' | 'info' | 'debug', Say>;

const LONGEST_LINE_BYTES = 16 * 1024;
/** What is kept of each text in a longer line: so short that the line fits even if every character is escaped. */
const KEPT_CHARS = 500;

/** One JSON line for each event, to all sinks: secrets masked, at most 16 KiB, without control characters. Its level may be changed. */
export function createLogger(options: {
  redactor: Redactor;
  sinks: readonly ((line: string) => void)[];
}): Logger & { level: string } {
  const write = (line: string) => {
    for (const sink of options.sinks) sink(line);
  };
  return pino(
    {
      base: { service: 'savorg-ops' },
      timestamp: stdTimeFunctions.isoTime,
      messageKey: 'event',
      mixin: () => ({ ...NOTHING }),
      hooks: { streamWrite: (line) => clean(line, options.redactor) },
    },
    { write },
  );
}

function clean(line: string, redactor: Redactor): string {
  const entry = redacted<object>(JSON.parse(line), redactor);
  const text = lineOf(entry);
  return Buffer.byteLength(text) <= LONGEST_LINE_BYTES ? text : lineOf(shortened(entry));
}

const lineOf = (entry: object): string => visible(`${JSON.stringify(entry)}\n`);

/** After it was redacted: a cut may go through a secret. */
function shortened(entry: object): object {
  const short = Object.entries(entry).map(([name, value]) => [name, typeof value === 'string' ? cut(value) : value]);
  return { ...Object.fromEntries(short), detail: null };
}

const cut = (text: string): string => (text.length > KEPT_CHARS ? `${text.slice(0, KEPT_CHARS)}…` : text);
