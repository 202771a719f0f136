import { admit, attestorsIn, type Decision } from '../admission/admit.ts';
import { admissionTime } from '../admission/checks/time.ts';
import { covers, helps } from '../admission/checks/tokens.ts';
import { type AdmissionFacts, type Candidate, type TokenFact, targetsOf } from '../admission/facts.ts';
import type { ParsedTask } from '../admission/parse.ts';
import type { Policy } from '../admission/policy.ts';
import type { Held } from '../admission/reasons.ts';
import { placeIn } from '../contract/literal-secret.ts';
import type { Attestor } from '../contract/report.ts';
import { isSlot, type Task } from '../contract/task.ts';
import type { BoundAction, Registry } from '../planning/action.ts';
import type { AppsFile } from '../planning/app.ts';
import { withPlaces } from '../planning/app-resources.ts';
import { WHOLE_HOST } from '../planning/resources.ts';
import { permissionsOf, resourcesOf, subjectsOf } from '../planning/run-plan.ts';
import type { Redactor } from '../secret.ts';
import type { Control } from './control.ts';
import type { Ledger, TaskRecord } from './ledger.ts';
import type { Clock, Verifier } from './ports.ts';
import { definersOf, slotProblem } from './standing.ts';
import { boundActionsOf } from './work.ts';

/** A parsed task with its verified tokens, on its way through admission. */
export interface Request extends Omit<ParsedTask<BoundAction>, 'kind'> {
  candidate: Candidate;
  /** What it needs for itself while it runs. */
  resources: readonly string[];
  verified: Map<string, TokenFact>;
  /** The keys by which they were verified. */
  keys: object;
  /** Whose valid signatures of this very task it bears. */
  attestors(): Attestor[];
}

export type Claim = { kind: 'claimed'; record: TaskRecord } | Exclude<Decision, { kind: 'admitted' }>;

export interface AdmissionsParts {
  registry: Registry;
  host: AdmissionFacts['host'];
  policy: () => Policy;
  /** What is declared now. @throws OpsError where it cannot be read. */
  apps: () => AppsFile;
  ledger: Ledger;
  clock: Clock;
  verifier: Verifier;
  control: Pick<Control, 'catchUp'>;
  /** What this host knows to be secret. */
  redactor: Redactor;
}

/** Gathers what the pure admission decides on, and writes the claim. */
export class Admissions {
  readonly #parts: AdmissionsParts;

  constructor(parts: AdmissionsParts) {
    this.#parts = parts;
  }

  /** Turns a parsed task's tokens into facts. */
  async verify(parsed: Omit<ParsedTask<BoundAction>, 'kind'>): Promise<Request> {
    const { task, digest, actions } = parsed;
    const candidate: Candidate = {
      task,
      digest,
      actions: actions.flatMap(permissionsOf),
      targets: targetsOf(task, subjectsOf(actions), this.#parts.host.name, this.#definers(task)),
    };
    const verified = new Map<string, TokenFact>();
    const attestors = () => attestorsIn([...verified.values()].filter((token) => covers(token, candidate)));
    const request = {
      ...parsed,
      candidate,
      resources: this.#withPlaces('undo' in task ? this.#resourcesUndoing(task.undo.task_id) : resourcesOf(actions)),
      verified,
      keys: this.#parts.verifier.keys(),
      attestors,
    };
    await this.#verifyNew(request, parsed.tokens);
    return request;
  }

  /** Whether it may run now, as of the end of the control stream. Waits while Redis cannot be reached. */
  async admit(request: Request): Promise<Decision> {
    await this.#readSignatures(request);
    const { ledger, clock } = this.#parts;
    ledger.write(() => ledger.sawTime(clock.now()));
    return this.#decide(request);
  }

  /** Whether a held task would be judged otherwise now: a signature or a veto came, or a pause ended. */
  hasNews(request: Request, { missing }: Held): boolean {
    if (this.#lateTokens(request).some((token) => !request.verified.has(token))) return true;
    const now = this.#decide(request);
    return now.kind !== 'held' || now.missing.join() !== missing.join();
  }

  /** Admits again and, in the same transaction, uses the task_id up: at most once, and on the disk before the first intent. */
  async claim(request: Request): Promise<Claim> {
    const { ledger, clock } = this.#parts;
    await this.#forgetOldKeys(request);
    await this.#readSignatures(request);
    return ledger.write(() => {
      const decision = this.#decide(request);
      if (decision.kind !== 'admitted') return decision;
      const { task, digest, tokens } = request;
      const { task_id } = task;
      ledger.claim({ task, digest, tokens, attestedBy: decision.attestedBy, claimedAt: clock.now() });
      ledger.releaseAll(digest);
      const by = decision.attestedBy.map(({ kid }) => kid);
      ledger.audit({ event: 'claimed', task_id, detail: { digest, by } }, { outcome: 'claimed' });
      const record = ledger.task(task_id);
      if (!record) throw new Error(`the claim of ${task_id} did not reach the ledger`);
      return { kind: 'claimed', record };
    });
  }

  /** The wait for locks may have been long: a key may be revoked by now. */
  async #forgetOldKeys(request: Request): Promise<void> {
    const keys = this.#parts.verifier.keys();
    if (keys === request.keys) return;
    request.keys = keys;
    request.verified.clear();
    await this.#verifyNew(request, request.tokens);
  }

  /** Whether a task that was claimed before a crash would be admitted now; a pause stops nothing that has begun. */
  async readmit(request: Request): Promise<Decision> {
    await this.#readSignatures(request);
    return this.#decide(request, { claimedDigest: null, pauses: [] });
  }

  #decide({ candidate, tokens, verified }: Request, altered: Partial<AdmissionFacts['ledger']> = {}): Decision {
    const { ledger, clock, host, policy } = this.#parts;
    const now = admissionTime(clock.now(), ledger.latestTime());
    const facts = { ...ledger.factsFor(candidate, now), ...altered };
    const sentAlong = [...verified].filter(([token]) => tokens.includes(token)).map(([, fact]) => fact);
    const late = [...verified].filter(([token]) => !tokens.includes(token)).map(([, fact]) => fact);
    const useful = late.filter((fact) => helps(fact, candidate, facts.bornAt, now));
    const slot = isSlot(candidate.task) ? slotProblem(candidate.task, this.#parts, now) : null;
    const known = { knownSecretAt: this.#knownSecretAt(candidate.task), slotProblem: slot };
    return admit(
      candidate,
      { host, policy: policy(), tokens: [...sentAlong, ...useful], ...known, ledger: facts },
      now,
    );
  }

  #knownSecretAt(task: Task): string | null {
    const { redactor } = this.#parts;
    const place = placeIn(task, (text) => redactor.redact(text) !== text);
    return place && redactor.redact(place);
  }

  #definers(task: Task): string[] {
    const { ledger } = this.#parts;
    const record = isSlot(task) ? ledger.schedule(task.slot.schedule) : undefined;
    return record ? definersOf(record, ledger) : [];
  }

  async #readSignatures(request: Request): Promise<void> {
    await this.#parts.control.catchUp();
    await this.#verifyNew(request, this.#lateTokens(request));
  }

  #lateTokens({ task }: Request): string[] {
    return this.#parts.ledger.lateTokens('plan_id' in task ? [task.task_id, task.plan_id] : [task.task_id]);
  }

  async #verifyNew({ verified }: Pick<Request, 'verified'>, tokens: readonly string[]): Promise<void> {
    const fresh = tokens.filter((token) => !verified.has(token));
    const facts = await Promise.all(fresh.map((token) => this.#parts.verifier.attestation(token)));
    for (const [index, token] of fresh.entries()) verified.set(token, facts[index] as TokenFact);
  }

  /** The whole host where nobody can read where apps are. */
  #withPlaces(names: string[]): string[] {
    try {
      return withPlaces(names, this.#parts.apps);
    } catch {
      return [WHOLE_HOST];
    }
  }

  /** Those of the task that is taken back; the whole host where this version no longer knows. */
  #resourcesUndoing(taskId: string): string[] {
    const { ledger, registry } = this.#parts;
    const work = ledger.task(taskId)?.task;
    const bound = work ? boundActionsOf(work, registry, ledger) : [];
    return typeof bound === 'string' ? [WHOLE_HOST] : resourcesOf(bound);
  }
}
