import type { Withdrawal } from '../admission/facts.ts';
import { type Reason, readable } from '../admission/reasons.ts';
import type { Attestation } from '../contract/attestation.ts';
import { type Control, ControlEntry } from '../contract/control.ts';
import type { Alerter } from './alerter.ts';
import type { Flood } from './flood.ts';
import type { Ledger } from './ledger.ts';
import type { Verifier } from './ports.ts';

export interface StreamEntry {
  id: string;
  fields: Record<string, string>;
}

/** Is told what control statements changed, once it is in the ledger. */
export interface ControlListener {
  /** A task or plan has a new signature. */
  attested(target: string): void;
  withdrawn(withdrawal: Withdrawal): void;
  resumed(target: string): void;
  /** An alert of this host: there is a message in the outbox. */
  acknowledged(): void;
}

export type Tell = (listener: ControlListener) => void;
/** Made inside a transaction; returns what to tell afterwards, or null where nothing changed. */
export type Change = () => Tell | null;

const NO_CHANGE: Change = () => null;

const OUTCOMES = {
  veto: 'vetoed',
  cancel: 'cancelled',
  pause: 'paused',
  resume: 'resumed',
  acknowledge: 'acknowledged',
} as const;

export interface StatementsParts {
  ledger: Ledger;
  verifier: Verifier;
  alerter: Pick<Alerter, 'acknowledge'>;
  /** For what does not verify: anybody who reaches Redis can make it. */
  flood: Pick<Flood, 'admit'>;
}

/** What the entries of the control stream change here: late attestations and control statements. */
export class Statements {
  readonly #parts: StatementsParts;

  constructor(parts: StatementsParts) {
    this.#parts = parts;
  }

  /** What does not verify changes nothing, and is audited. */
  async changeOf({ id, fields }: StreamEntry): Promise<Change> {
    const { verifier } = this.#parts;
    const parsed = ControlEntry.safeParse(fields);
    if (!parsed.success) return this.#rejected(id, { reason: 'malformed', message: 'expected one field, token' });
    const { token } = parsed.data;
    if (verifier.isAttestation(token)) {
      const fact = await verifier.attestation(token);
      return fact.verified ? this.#attested(token, fact.claims) : this.#rejected(id, fact);
    }
    const fact = await verifier.control(token);
    if (!fact.verified) return this.#rejected(id, fact);
    return fact.expired ? NO_CHANGE : this.#stated(id, token, fact.claims);
  }

  /** Those that would be believed if they came now. */
  async believed(tokens: readonly string[]): Promise<string[]> {
    const facts = await Promise.all(tokens.map((token) => this.#parts.verifier.control(token)));
    return tokens.filter((_, index) => facts[index]?.verified);
  }

  #attested(token: string, claims: Attestation): Change {
    const { ledger } = this.#parts;
    const { sub, role, iss, decision } = claims;
    const ofTask = 'digest' in claims;
    return () => {
      if (!ledger.addLateToken(claims, token)) return null;
      const entry = { event: 'attested', ...(ofTask && { task_id: sub }) };
      ledger.audit({ ...entry, detail: { subject: sub, role, by: iss } }, { outcome: decision });
      return (listener) => listener.attested(`${ofTask ? 'task' : 'plan'}:${sub}`);
    };
  }

  #stated(id: string, token: string, claims: Control): Change {
    const { ledger, alerter } = this.#parts;
    const { verb, target, reason, iss: by } = claims;
    const older = this.#rejected(id, {
      reason: 'token-expired',
      message: `there is a newer statement about ${target}`,
    });
    return () => {
      const added = ledger.addStatement(claims, token);
      if (added !== 'news') return added === 'older' ? older() : null;
      const [kind, name = ''] = target.split(':');
      // Another host's alert is none of ours.
      if (verb === 'acknowledge' && !(kind === 'alert' && alerter.acknowledge(name))) return null;
      const entry = { event: verb, ...(kind === 'task' && { task_id: name }) };
      ledger.audit({ ...entry, detail: { target, by } }, { outcome: OUTCOMES[verb], reason });
      return (listener) => tell(listener, claims);
    };
  }

  #rejected(id: string, { reason, message }: { reason: Reason; message: string }): Change {
    const { ledger, flood } = this.#parts;
    return () => {
      const told = { outcome: 'rejected', reason: `${reason}: ${readable(message)}` };
      if (flood.admit()) ledger.audit({ event: 'control-rejected', detail: { entry: id, reason } }, told);
      return null;
    };
  }
}

function tell(listener: ControlListener, { verb, target, reason, iss: by }: Control): void {
  if (verb === 'veto' || verb === 'cancel') listener.withdrawn({ verb, target, reason, by });
  if (verb === 'resume') listener.resumed(target);
  if (verb === 'acknowledge') listener.acknowledged();
}
