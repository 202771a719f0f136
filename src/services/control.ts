import type { Withdrawal } from '../admission/facts.ts';
import type { Attestation } from '../contract/attestation.ts';
import { ControlEntry } from '../contract/control.ts';
import type { Ledger } from './ledger.ts';
import type { Verifier } from './ports.ts';

export interface StreamEntry {
  id: string;
  fields: Record<string, string>;
}

export interface ControlStream {
  /** The oldest entries after `cursor`; none where the stream is at its end. */
  after(cursor: string): Promise<StreamEntry[]>;
}

export interface ControlListener {
  /** A task or plan has a new signature. */
  attested(subject: string): void;
  withdrawn(withdrawal: Withdrawal): void;
}

/** `apply` returns whether it changed anything. */
type Change = { apply: () => boolean; tell: (listener: ControlListener) => void };

/** Reads the control stream into the ledger: late attestations, vetoes, cancellations. What does not verify is passed over. */
export class Control {
  readonly #stream: ControlStream;
  readonly #ledger: Ledger;
  readonly #verifier: Verifier;
  readonly #listener: ControlListener;
  #reading: Promise<void> = Promise.resolve();
  #waiting = false;

  constructor(stream: ControlStream, ledger: Ledger, verifier: Verifier, listener: ControlListener) {
    this.#stream = stream;
    this.#ledger = ledger;
    this.#verifier = verifier;
    this.#listener = listener;
  }

  /**
   * Reads the stream to its end. Rejects where Redis cannot be reached: then nothing may be admitted. Who asks before a
   * reading has begun shares it; one under way may already have passed what was added just before the question.
   */
  catchUp(): Promise<void> {
    if (this.#waiting) return this.#reading;
    this.#waiting = true;
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#readToEnd());
    return this.#reading;
  }

  async #readToEnd(): Promise<void> {
    this.#waiting = false;
    for (;;) {
      const entries = await this.#stream.after(this.#ledger.controlCursor());
      const last = entries.at(-1);
      if (!last) return;
      const changes = (await Promise.all(entries.map((entry) => this.#changeOf(entry)))).filter(
        (change) => change !== null,
      );
      const made = await this.#ledger.commit(() => {
        this.#ledger.moveControlCursor(last.id);
        return changes.filter((change) => change.apply());
      });
      for (const change of made) change.tell(this.#listener);
    }
  }

  async #changeOf(entry: StreamEntry): Promise<Change | null> {
    const parsed = ControlEntry.safeParse(entry.fields);
    if (!parsed.success) return null;
    const { token } = parsed.data;
    if (!this.#verifier.isAttestation(token)) return this.#withdrawal(token);
    const fact = await this.#verifier.attestation(token);
    return fact.verified ? this.#attestation(token, fact.claims) : null;
  }

  #attestation(token: string, claims: Attestation): Change {
    const { sub, role, iss, decision } = claims;
    return {
      apply: () => {
        const news = this.#ledger.addLateToken(sub, token);
        const entry = { event: 'attested', ...('digest' in claims && { task_id: sub }) };
        if (news) this.#ledger.audit({ ...entry, detail: { subject: sub, role, by: iss } }, { outcome: decision });
        return news;
      },
      tell: (listener) => listener.attested(sub),
    };
  }

  async #withdrawal(token: string): Promise<Change | null> {
    const verified = await this.#verifier.control(token);
    if ('problem' in verified) return null;
    const { verb, target, reason, iss, iat, exp } = verified.claims;
    if (verb !== 'veto' && verb !== 'cancel') return null;
    return {
      apply: () => {
        const news = this.#ledger.withdraw({ verb, target, reason, by: iss, iat, exp: exp ?? null, token });
        const told = { outcome: verb === 'veto' ? 'vetoed' : 'cancelled', reason };
        if (news) this.#ledger.audit({ event: verb, ...taskIn(target), detail: { target, by: iss } }, told);
        return news;
      },
      tell: (listener) => listener.withdrawn({ verb, target, reason, by: iss }),
    };
  }
}

function taskIn(target: string): { task_id?: string } {
  return target.startsWith('task:') ? { task_id: target.slice('task:'.length) } : {};
}
