import type { Decision } from '../admission/admit.ts';
import { type Delivery, parse } from '../admission/parse.ts';
import type { Held, Refused } from '../admission/reasons.ts';
import type { OpsOutput } from '../contract/ops-output.ts';
import { isSlot } from '../contract/task.ts';
import type { Registry } from '../planning/action.ts';
import type { Admissions, Request } from './admissions.ts';
import type { Failpoint } from './failpoint.ts';
import { Repeats } from './flood.ts';
import type { Ledger } from './ledger.ts';
import type { Locks } from './locks.ts';
import type { Performer } from './performer.ts';
import type { Reporter } from './reporter.ts';
import type { Log, Running } from './running.ts';
import type { SlotEnds } from './slot-ends.ts';
import { boundActionsOf, workOf } from './work.ts';

/** How a delivery ended. `recorded`: it had run before. `open`: the task has no outcome yet, so look at it again. */
export type End =
  | { kind: 'ran' | 'recorded' | 'refused'; opsOutput: OpsOutput }
  | { kind: 'held'; missing: Held['missing']; digest: string; until: number }
  | { kind: 'open' };

export interface ExecutorParts {
  registry: Registry;
  ledger: Ledger;
  admissions: Admissions;
  locks: Locks;
  running: Running;
  performer: Performer;
  reporter: Reporter;
  slots: Pick<SlotEnds, 'begun'>;
  /** A claimed task's outcome could not be written: the daemon must start again, and reconcile. Throws. */
  onFault: (error: unknown) => never;
  reached: Failpoint;
}

export class Executor {
  readonly #parts: ExecutorParts;
  /** What tasks are held for was told: anybody who reaches Redis can have one delivered again. */
  readonly #toldHeld = new Repeats();
  /** Digests of the tasks that wait to be claimed, or run. */
  readonly #inHand = new Set<string>();

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  /** The line: a task's whole life. Its order is the security model: nothing above `claim` may touch the machine. */
  async execute(delivery: Delivery, log: Log): Promise<End> {
    const { registry, ledger, admissions, locks, performer, running, slots, onFault, reached } = this.#parts;
    const parsed = parse(delivery, (task) => boundActionsOf(task, registry, ledger));
    if (parsed.kind === 'refused') return this.#refuse(delivery, parsed);
    reached('parsed');
    const request = await admissions.verify(parsed);
    reached('verified');
    const first = await admissions.admit(request);
    if (first.kind !== 'admitted') return this.#turnAway(delivery, request, first, log);
    reached('admitted');
    if (this.#inHand.has(request.digest)) return { kind: 'open' };
    using _only = this.#takeInHand(request.digest);
    using _mine = await locks.take(request.resources);
    const claim = await admissions.claim(request);
    if (claim.kind !== 'claimed') return this.#turnAway(delivery, request, claim, log);
    reached('claimed');
    const { record } = claim;
    if (isSlot(record.task)) slots.begun(record.task);
    const opsOutput = await running
      .track(
        record.task.task_id,
        { targets: request.candidate.targets, limitMs: workOf(record.task, ledger)?.limit_ms },
        log,
        (run) => performer.perform(record, request.actions, run),
      )
      .catch(onFault);
    return opsOutput ? { kind: 'ran', opsOutput } : { kind: 'open' };
  }

  /** Copies of a task must not wait in a row: anybody who reaches Redis can make them, and those in hand are limited. */
  #takeInHand(digest: string): Disposable {
    this.#inHand.add(digest);
    return { [Symbol.dispose]: () => void this.#inHand.delete(digest) };
  }

  async #turnAway(
    delivery: Delivery,
    request: Request,
    decision: Exclude<Decision, { kind: 'admitted' }>,
    log: Log,
  ): Promise<End> {
    switch (decision.kind) {
      case 'known':
        return this.#recorded(request);
      case 'held':
        return this.#hold(delivery, request, decision, log);
      case 'refused':
        return this.#refuse(delivery, decision, request);
    }
  }

  /** A delivery of a claimed digest makes no new report: it gets the recorded outcome, once there is one. */
  #recorded({ task }: Request): End {
    const opsOutput = this.#parts.ledger.task(task.task_id)?.ended?.opsOutput;
    return opsOutput ? { kind: 'recorded', opsOutput } : { kind: 'open' };
  }

  async #hold(delivery: Delivery, request: Request, held: Held, log: Log): Promise<End> {
    const { ledger, admissions, reached } = this.#parts;
    const { task, digest } = request;
    const { task_id } = task;
    const { queue, jobId, data } = delivery;
    const { missing, until } = held;
    const reason = missing.join(', ');
    const isTold = this.#toldHeld.has(`${digest} ${reason}`);
    await ledger.commit(() => {
      ledger.hold({ task_id, digest, queue, jobId, name: task.operation_type, data, missing, until });
      if (!isTold) ledger.audit({ event: 'held', task_id, detail: { digest, missing } }, { outcome: 'held', reason });
    });
    reached('held');
    // What came before it was held woke nobody.
    if (admissions.hasNews(request, held)) return this.execute(delivery, log);
    return { kind: 'held', missing, digest, until };
  }

  async #refuse(delivery: Delivery, refusal: Refused, request?: Request): Promise<End> {
    const { reporter, ledger, reached } = this.#parts;
    const opsOutput = await reporter.refuse(
      {
        delivery,
        task: request?.task ?? null,
        digest: request?.digest ?? null,
        attestedBy: request?.attestors() ?? [],
      },
      refusal,
    );
    reached('refused');
    // What was altered in Redis is not what is held; but what kills the daemon must not be brought again.
    const isOver = request !== undefined || refusal.reason === 'delivered-too-often';
    if (isOver) await ledger.commit(() => ledger.release(delivery));
    return { kind: 'refused', opsOutput };
  }
}
