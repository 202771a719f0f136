import { ulid } from 'ulid';
import { utcTime } from '../contract/names.ts';
import type { Alerter } from './alerter.ts';
import type { Flood } from './flood.ts';
import type { Clock } from './ports.ts';

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
  keep(name: string, found: object): Promise<string>;
}

export interface QuarantineParts {
  queues: PoisonedQueues;
  files: QuarantineFiles;
  alerter: Pick<Alerter, 'raise' | 'flood'>;
  clock: Clock;
}

const inOneMinute = (count: number): string =>
  `${count} more entries that could not be delivered were taken out in one minute and not kept`;
const LONGEST_NAME = 120;
/** Each finds a hundred. */
const ROUNDS = 100;

/** Sets aside what no worker can take, so that it neither bounces through the queue for ever nor vanishes unsaid. */
export class Quarantine {
  readonly #parts: QuarantineParts;
  readonly #alerts: Flood;

  constructor(parts: QuarantineParts) {
    this.#parts = parts;
    this.#alerts = parts.alerter.flood('quarantine-flood', inOneMinute);
  }

  /** At once all that lies behind each other, or a good task behind a thousand of them would wait for as many minutes. */
  async sweep(): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const found = await this.#parts.queues.find();
      if (found.length === 0) return;
      for (const poison of found) {
        if (this.#alerts.admit()) await this.#keep(poison);
        await poison.remove();
      }
    }
  }

  /** Kept before it is told, and told before it is gone: a crash in between repeats, and hides nothing. */
  async #keep(poison: Poison): Promise<void> {
    const { files, clock } = this.#parts;
    const { queue, why } = poison;
    const what = nameOf(poison);
    const found = { queue, what, why, found_at: utcTime(clock.now()), contents: await poison.contents() };
    const path = await files.keep(`${ulid().toLowerCase()}.json`, found);
    await this.#tell(`queue:${queue}`, `${what} ${why}; set aside in ${path}`);
  }

  async #tell(subject: string, message: string): Promise<void> {
    const id = `quarantined-${ulid().toLowerCase()}`;
    await this.#parts.alerter.raise(id, { severity: 'warning', code: 'quarantined', subject, message });
  }
}

function nameOf({ name, isJob }: Poison): string {
  const readable = name.toString().slice(0, LONGEST_NAME).toWellFormed();
  if (readable === '') return 'its one key';
  return `${isJob ? 'the job' : 'the key'} ${readable}`;
}
