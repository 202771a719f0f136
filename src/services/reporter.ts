import { randomInt } from 'node:crypto';
import { ulid } from 'ulid';
import { type Delivery, headingOf } from '../admission/parse.ts';
import { REASONS, type Refused } from '../admission/reasons.ts';
import { utcTime } from '../contract/names.ts';
import type { Blocker, OpsOutput } from '../contract/ops-output.ts';
import { type Attestor, Evidence, type Outcome, type ProtectedRoot } from '../contract/report.ts';
import { isSlot, type Task } from '../contract/task.ts';
import type { StepRecord } from '../planning/record.ts';
import type { Alerter } from './alerter.ts';
import type { Failpoint } from './failpoint.ts';
import type { Flood } from './flood.ts';
import type { Ledger, TaskRecord } from './ledger.ts';
import { evidenceOf, type Host, nothingRan, opsOutputOf } from './ops-output.ts';
import type { Clock } from './ports.ts';
import type { SlotEnds } from './slot-ends.ts';

/** By itself ulid asks the system for each of 16 characters: 26 µs instead of 1. */
const random = () => randomInt(2 ** 32) / 2 ** 32;

/** What every report says of the host it comes from. */
export interface HostFacts extends Host {
  version: string;
  dev: boolean;
  digests(): Evidence['digests'];
}

/** How a claimed task ended. */
export interface TaskEnd {
  record: TaskRecord;
  outcome: Outcome;
  /** The steps to tell of: its own, or for an undo those it took back. */
  records: readonly StepRecord[];
  blockers: Blocker[];
  notes: string[];
  leftRunning: string[];
  /** What became of application source meanwhile. */
  protected: ProtectedRoot[];
  /** The task that was taken back, where this was an undo that went through. */
  undid: string | null;
}

/** What is known of a delivery that was refused. */
export interface RefusedDelivery {
  delivery: Delivery;
  task: Task | null;
  digest: string | null;
  attestedBy: Attestor[];
}

export interface ReporterParts {
  ledger: Ledger;
  clock: Clock;
  host: HostFacts;
  alerter: Pick<Alerter, 'flood'>;
  slots: Pick<SlotEnds, 'ended' | 'refused'>;
  /** Told when there is something to publish. */
  onAppend: () => void;
  reached: Failpoint;
}

/** Writes outcomes into the ledger, each in one transaction with its report in the outbox. */
export class Reporter {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #host: HostFacts;
  /** What anybody who reaches Redis can make: without a valid signature, or a copy of what was refused before. */
  readonly #cheap: Flood;
  readonly #slots: ReporterParts['slots'];
  readonly #onAppend: () => void;
  readonly #reached: Failpoint;

  constructor({ ledger, clock, host, alerter, slots, onAppend, reached }: ReporterParts) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#host = host;
    this.#slots = slots;
    this.#onAppend = onAppend;
    this.#reached = reached;
    this.#cheap = alerter.flood(
      'refusals-flood',
      (count) =>
        `${count} more deliveries without a valid signature, or refused before, were refused in one minute and not reported one by one`,
    );
  }

  /** The one final report of a claimed task. */
  async conclude(end: TaskEnd): Promise<OpsOutput> {
    const { task } = end.record;
    const opsOutput = opsOutputOf({ ...end, task }, this.#host);
    const [first] = end.blockers;
    const reason = first?.code ?? null;
    await this.#ledger.commit(() => {
      const at = this.#clock.now();
      this.#ledger.conclude(task.task_id, { at, outcome: end.outcome, reason, opsOutput });
      if (end.undid !== null) this.#markUndone(end.undid, task.task_id);
      if (isSlot(task)) this.#slots.ended(task, { outcome: end.outcome, reason: first ? inWords(first) : null, at });
      this.#ledger.audit(
        { event: 'concluded', task_id: task.task_id, detail: { outcome: end.outcome, reason } },
        {
          outcome: end.outcome,
          reason: first ? inWords(first) : null,
          duration_ms: Math.max(0, at - end.record.claimedAt),
        },
      );
      this.#append(opsOutput, {
        ...this.#evidence(at),
        final: true,
        task_id: task.task_id,
        digest: end.record.digest,
        outcome: end.outcome,
        reason,
        claimed_at: utcTime(end.record.claimedAt),
        attested_by: end.record.attestedBy,
        steps: end.records.map(evidenceOf),
        left_running: end.leftRunning,
        ...(end.protected.length > 0 && { protected: end.protected }),
      });
    });
    this.#reached('concluded');
    this.#onAppend();
    return opsOutput;
  }

  /** Reports that a delivery was refused; the task_id stays unused. */
  async refuse({ delivery, task, digest, attestedBy }: RefusedDelivery, refusal: Refused): Promise<OpsOutput> {
    const opsOutput = refusalOutput(delivery, task, refusal);
    const cheap = attestedBy.length === 0 || (digest !== null && this.#ledger.wasRefused(digest, refusal.reason));
    if (cheap && !this.#cheap.admit()) return opsOutput;
    await this.#ledger.commit(() => {
      const at = this.#clock.now();
      const { reason } = refusal;
      const { task_id } = opsOutput;
      const outcome = OUTCOME_OF[reason] ?? 'refused';
      const why = inWords({ code: reason, message: refusal.message });
      this.#ledger.audit({ event: 'refused', task_id, detail: { reason, digest } }, { outcome, reason: why });
      this.#append(opsOutput, { ...this.#evidence(at), task_id, digest, outcome, reason, attested_by: attestedBy });
      if (task && isSlot(task) && attestedBy.some(({ role }) => role === 'host'))
        this.#slots.refused(task, reason, { outcome, reason: why, at });
    });
    this.#onAppend();
    return opsOutput;
  }

  #markUndone(taskId: string, by: string): void {
    this.#ledger.markUndone(taskId, by);
    this.#ledger.audit({ event: 'undone', task_id: taskId, detail: { by } }, { outcome: 'undone' });
  }

  #append(opsOutput: OpsOutput, evidence: Omit<Evidence, 'report_id' | 'seq' | 'audit'>): void {
    const reportId = ulid(undefined, random);
    this.#ledger.append('report', reportId, (seq) => ({
      ops_output: opsOutput,
      evidence: Evidence.parse({ report_id: reportId, seq, ...evidence, audit: this.#ledger.auditHead() }),
    }));
  }

  #evidence(at: number) {
    const { name, version, dev } = this.#host;
    return {
      final: false,
      host: name,
      version,
      ...(dev && { dev: true as const }),
      claimed_at: null,
      ended_at: utcTime(at),
      steps: [],
      undone_by: null,
      left_running: [],
      digests: this.#host.digests(),
    };
  }
}

const inWords = ({ code, message }: Pick<Blocker, 'code' | 'message'>): string => `${code}: ${message}`;

const OUTCOME_OF: Partial<Record<Refused['reason'], Outcome>> = {
  expired: 'expired',
  vetoed: 'vetoed',
  cancelled: 'cancelled',
};

/** What did not run, as a report: under the task's own id where it can be read, else under its job's. */
function refusalOutput(delivery: Delivery, task: Task | null, { reason, message }: Refused): OpsOutput {
  const blocker = { code: reason, message, owner: REASONS[reason] };
  const heading = task ?? headingOf(delivery.data);
  if (heading) return nothingRan(heading.task_id, heading.operation_type, blocker);
  const jobId = delivery.jobId.slice(0, 120).toWellFormed() || 'unnamed';
  return nothingRan(jobId, 'infra', {
    ...blocker,
    message: `${message} (no task could be read; this is the job ${jobId})`,
  });
}
