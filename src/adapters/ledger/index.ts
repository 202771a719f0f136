import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Candidate, LedgerFacts } from '../../admission/facts.ts';
import { coerceError, OpsError } from '../../errors.ts';
import { slotTaskId } from '../../schedule/slot-task.ts';
import type { Ledger } from '../../services/ledger.ts';
import type { Clock } from '../../services/ports.ts';
import { alertsIn } from './alerts.ts';
import { auditIn } from './audit.ts';
import { Batch } from './batch.ts';
import { controlIn } from './control.ts';
import { openDatabase } from './database.ts';
import { heldIn } from './held.ts';
import { type Meta, metaIn } from './meta.ts';
import { outboxIn } from './outbox.ts';
import { releasesIn } from './releases.ts';
import { schedulesIn } from './schedules.ts';
import { proveSound } from './soundness.ts';
import { stepsIn } from './steps.ts';
import { tasksIn, undoProblemOf } from './tasks.ts';
import { BIRTH, timeIn } from './time.ts';

/** Opens the ledger of this host, in SQLite. With `readOnly` nothing can be written, and the file must be there. */
export function openLedger(path: string, clock: Clock, options: { readOnly?: boolean } = {}): Ledger {
  const db = openDatabase(path, options);
  try {
    if (!options.readOnly) proveSound(db, () => begin(metaIn(db), clock.now()));
    return ledgerOn(db, clock, refuseMoved(path));
  } catch (error) {
    db.close();
    throw new OpsError(`the ledger ${path} cannot be used: ${coerceError(error).message}`, { cause: error });
  }
}

function ledgerOn(db: DatabaseSync, clock: Clock, refuse: () => void): Ledger {
  const batch = new Batch(db, refuse);
  const meta = metaIn(db);
  const { forgetSlotsAfter, ...schedules } = schedulesIn(db);
  const time = timeIn(meta);
  const parts = {
    ...tasksIn(db),
    ...stepsIn(db),
    ...heldIn(db),
    ...outboxIn(db, clock),
    ...alertsIn(db),
    ...controlIn(db, meta, clock),
    ...auditIn(db, clock),
    ...deliveriesIn(db),
    ...schedules,
    ...releasesIn(db),
    ...time,
  };
  return {
    ...parts,
    write: (work) => batch.write(work),
    durable: () => batch.durable(),
    failure: batch.failure,
    commit: async (work) => {
      const result = batch.write(work);
      await batch.durable();
      return result;
    },
    acceptTime: (wrong, right) => {
      const accepted = time.acceptTime(wrong, right);
      if (accepted) forgetSlotsAfter(right, (slot) => parts.task(slotTaskId(slot)) !== undefined);
      return accepted;
    },
    factsFor: (candidate, now) => factsFor(candidate, now, parts, meta),
    close: () => {
      batch.close();
      db.close();
    },
  };
}

/** SQLite would go on with a file that has no name any more, and all of it would be gone with the daemon. */
function refuseMoved(path: string): () => void {
  const inode = () => statSync(path, { throwIfNoEntry: false })?.ino;
  const own = inode();
  return () => {
    if (inode() === own) return;
    throw new OpsError(`somebody took ${path} away, or put another file in its place`);
  };
}

/** Also a later start writes, to know that it can. */
function begin(meta: Meta, now: number): void {
  if (meta.get(BIRTH) === undefined) meta.set(BIRTH, String(now));
  meta.set('opened_at', String(now));
}

type Reads = Pick<Ledger, 'task' | 'steps' | 'withdrawals' | 'pauses' | 'latestTime'>;

function factsFor(candidate: Candidate, now: number, ledger: Reads, meta: Meta): LedgerFacts {
  const { task, targets } = candidate;
  return {
    bornAt: Number(meta.get(BIRTH)),
    highWaterAt: ledger.latestTime(),
    claimedDigest: ledger.task(task.task_id)?.digest ?? null,
    withdrawals: ledger.withdrawals(targets, now),
    pauses: ledger.pauses(now, targets),
    original: 'undo' in task ? originalOf(task.undo, ledger) : null,
  };
}

function originalOf(undo: { task_id: string; action?: number | undefined }, ledger: Reads): LedgerFacts['original'] {
  const record = ledger.task(undo.task_id);
  if (!record) return null;
  return { digest: record.digest, undoProblem: undoProblemOf(record, ledger.steps(undo.task_id), undo.action) };
}

function deliveriesIn(db: DatabaseSync): Pick<Ledger, 'countDelivery' | 'forgetDeliveries'> {
  const count = db.prepare(
    'INSERT INTO deliveries (job, count) VALUES (?, 1) ON CONFLICT (job) DO UPDATE SET count = count + 1 RETURNING count',
  );
  const forget = db.prepare('DELETE FROM deliveries WHERE job = ?');
  return {
    countDelivery: (job) => Number(count.get(job)?.['count']),
    forgetDeliveries: (job) => {
      forget.run(job);
    },
  };
}
