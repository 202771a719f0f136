import { ulid } from 'ulid';
import { utcTime } from '../contract/names.ts';
import type { Flood } from './flood.ts';
import type { Clock } from './ports.ts';
import type { Reporter } from './reporter.ts';

/** What can never be delivered or never be finished, or keeps what is good from it. */
export interface Poison {
  queue: string;
  /** The job's id, or which of the queue's own keys it is; empty for what is but one key. Anybody's bytes. */
  name: Buffer;
  isJob: boolean;
  why: string;
  /** What Redis holds there, up to a limit. */
  contents(): Promise<unknown>;
  /** Takes it out of its queue, if it still is what it was. */
  remove(): Promise<void>;
}

export interface PoisonedQueues {
  /** Looks at what comes next in each queue. */
  find(): Promise<Poison[]>;
}

/** Keeps what was taken out, the newest of it. */
export interface QuarantineFiles {
  /** Returns the path of the file; it is on the disk when the promise resolves. */
  keep(name: string, content: string): Promise<string>;
}

export interface QuarantineParts {
  queues: PoisonedQueues;
  files: QuarantineFiles;
  reporter: Pick<Reporter, 'alert' | 'flood'>;
  clock: Clock;
}

const inOneMinute = (count: number): string =>
  `${count} more entries that could not be delivered were set aside in one minute`;
const LONGEST_NAME = 120;

/** Sets aside what no worker can take, so that it neither bounces through the queue for ever nor vanishes unsaid. */
export class Quarantine {
  readonly #parts: QuarantineParts;
  readonly #alerts: Flood;

  constructor(parts: QuarantineParts) {
    this.#parts = parts;
    this.#alerts = parts.reporter.flood('quarantine-flood', inOneMinute);
  }

  /** Kept before it is told, and told before it is gone: a crash in between repeats, and hides nothing. */
  async sweep(): Promise<void> {
    const { queues, files, clock } = this.#parts;
    for (const poison of await queues.find()) {
      const { queue, why } = poison;
      const what = nameOf(poison);
      const found = { queue, what, why, found_at: utcTime(clock.now()), contents: await poison.contents() };
      const path = await files.keep(`${ulid().toLowerCase()}.json`, JSON.stringify(found, null, 2));
      if (this.#alerts.admit()) await this.#tell(`queue:${queue}`, `${what} ${why}; set aside in ${path}`);
      await poison.remove();
    }
  }

  async #tell(subject: string, message: string): Promise<void> {
    const id = `quarantined-${ulid().toLowerCase()}`;
    await this.#parts.reporter.alert(id, { severity: 'warning', code: 'quarantined', subject, message });
  }
}

function nameOf({ name, isJob }: Poison): string {
  const readable = name.toString().slice(0, LONGEST_NAME).toWellFormed();
  if (readable === '') return 'its one key';
  return `${isJob ? 'the job' : 'the key'} ${readable}`;
}
