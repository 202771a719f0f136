import { ulid } from 'ulid';
import type { Alerter } from './alerter.ts';
import type { Ledger } from './ledger.ts';

/** So many reports mean that nobody reads them, so many tasks a flood. None is ever dropped. */
const TOO_MANY = 10_000;
const CODE = 'unread';

export interface UnreadParts {
  /** The queue's name, and how to count what nobody has taken. */
  queues: ReadonlyMap<string, () => Promise<number>>;
  ledger: Pick<Ledger, 'alerts'>;
  alerter: Pick<Alerter, 'raise' | 'clear'>;
}

/** Raises an alert when a queue is not read, and clears it when it is. */
export class Unread {
  readonly #parts: UnreadParts;
  /** The id of the alert that stands for a queue; undefined where it was not looked for since the start. */
  readonly #standing = new Map<string, string | null>();

  constructor(parts: UnreadParts) {
    this.#parts = parts;
  }

  async look(): Promise<void> {
    for (const [queue, count] of this.#parts.queues) await this.#compare(queue, await count());
  }

  async #compare(queue: string, unread: number): Promise<void> {
    const { alerter } = this.#parts;
    const subject = `queue:${queue}`;
    const known = this.#standing.get(queue);
    const standing = known === undefined ? this.#raisedBefore(subject) : known;
    if (unread > TOO_MANY && !standing) {
      const message = `${unread} jobs wait in ${queue}, more than ${TOO_MANY}`;
      const alert = { severity: 'warning' as const, code: CODE, subject, message };
      const id = `unread-${ulid().toLowerCase()}`;
      await alerter.raise(id, alert);
      this.#standing.set(queue, id);
    } else if (unread <= TOO_MANY) {
      if (standing) await alerter.clear(standing);
      this.#standing.set(queue, null);
    }
  }

  /** By an earlier daemon. */
  #raisedBefore(subject: string): string | null {
    const last = this.#parts.ledger.alerts().find((alert) => alert.code === CODE && alert.subject === subject);
    return last && last.state !== 'cleared' ? last.alert_id : null;
  }
}
