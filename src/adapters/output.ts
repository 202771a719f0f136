import { closeSync, constants, createWriteStream, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Redactor } from '../secret.ts';
import type { TaskOutput } from '../services/ports.ts';
import { PlainText } from './plain-text.ts';

/** How much of a task's output is shown with its job; all of it is in `var/output`. */
const JOB_LOG_CHARS = 256 * 1024;
/** What a report quotes. */
const LAST_LINES = 10;
const LAST_CHARS = 1_000;
const BATCH_CHARS = 16 * 1024;
const BATCH_MS = 250;

export interface OutputOptions {
  /** `var/output` */
  directory: string;
  redactor: Redactor;
  /** Shows lines with the job; what goes wrong there does not concern the task. */
  log: (lines: string[]) => Promise<void>;
}

/**
 * Opens the output of one task: `<directory>/<task_id>.log`, and in batches the log of its job. Who prints nothing has
 * no file: making one is dear on ext4, most of all where many were removed of late.
 */
export function openOutput(taskId: string, { directory, redactor, log }: OutputOptions): TaskOutput {
  const path = join(directory, `${taskId}.log`);
  // Each by itself: what is printed on the other one must not stand in the middle of a secret.
  const opened = () => ({ stdout: new PlainText(redactor), stderr: new PlainText(redactor) });
  let texts = opened();
  let last = '';
  const job = new JobLog(log, `the rest is in ${path}`);
  let file: Writable | undefined;
  const keep = async (lines: string) => {
    if (lines === '') return;
    job.add(lines);
    last = (lines.length < LAST_CHARS ? last + lines : lines).slice(-LAST_CHARS);
    const into = (file ??= openFile(path));
    await new Promise<void>((resolve) => into.write(lines, () => resolve()));
  };
  const keepRest = () => {
    const rest = texts.stdout.end() + texts.stderr.end();
    texts = opened();
    return keep(rest);
  };
  return {
    write: (chunk, source) => keep(texts[source].push(chunk)),
    lastLines: async () => {
      await keepRest();
      return last.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
    },
    close: async () => {
      await keepRest();
      await job.flush();
      file?.end();
      if (file) await finished(file).catch(() => undefined);
    },
  };
}

/** Fails at once for a pipe that nobody reads: it would hold up the task for ever, and the daemon's end. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** Where it cannot be made the output is lost, and not the task. */
function openFile(path: string): Writable {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, APPEND, 0o600));
    return createWriteStream(path, { flags: 'a' }).on('error', () => undefined);
  } catch {
    return new Writable({ write: (_chunk, _encoding, done) => done() });
  }
}

/** Sends lines in batches: each is a round trip to Redis. */
class JobLog {
  readonly #send: (lines: string[]) => Promise<void>;
  readonly #elsewhere: string;
  #pending = '';
  #room = JOB_LOG_CHARS;
  #timer: NodeJS.Timeout | undefined;
  #sent: Promise<void> = Promise.resolve();

  constructor(send: (lines: string[]) => Promise<void>, elsewhere: string) {
    this.#send = send;
    this.#elsewhere = elsewhere;
  }

  add(text: string): void {
    if (text === '' || this.#room <= 0) return;
    this.#pending += text.slice(0, this.#room);
    this.#room -= text.length;
    if (this.#room <= 0) this.#pending += `\n… ${this.#elsewhere}`;
    if (this.#pending.length >= BATCH_CHARS) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), BATCH_MS);
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#pending.replace(/\n$/, '').split('\n');
    if (this.#pending !== '') this.#sent = this.#sent.then(() => this.#send(lines)).catch(() => undefined);
    this.#pending = '';
    return this.#sent;
  }
}
