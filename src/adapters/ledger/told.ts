import type { Logger } from '../../log.ts';
import type { AuditEvent, Ledger, Told } from '../../services/ledger.ts';
import { workOf } from '../../services/work.ts';

/** The outcomes and states that are as they should be; all others are warnings. */
const FINE: ReadonlySet<string> = new Set([
  'completed',
  'held',
  'claimed',
  'approved',
  'cleared',
  'requested',
  'paused',
  'resumed',
  'acknowledged',
  'planned',
  'applied',
  'accepted',
  'undone',
]);

/** The same ledger; what happens to tasks is logged once it is written: one event of the audit log, one line. */
export function toldLedger(ledger: Ledger, log: Logger): Ledger {
  /** Of the transaction that is under way; there is only ever one. */
  let events: { event: AuditEvent; told: Told }[] = [];
  const tell = (all: typeof events) => {
    for (const { event, told } of all) logEvent(event, told, ledger, log);
  };
  return {
    ...ledger,
    audit: (event, told = {}) => {
      ledger.audit(event);
      events.push({ event, told });
    },
    write: (work) => {
      events = [];
      const result = ledger.write(work);
      tell(events);
      return result;
    },
    commit: async (work) => {
      const mine: typeof events = [];
      events = mine;
      const result = await ledger.commit(work);
      tell(mine);
      return result;
    },
  };
}

function logEvent({ event, task_id, detail }: AuditEvent, told: Told, ledger: Ledger, log: Logger): void {
  const { action, outcome = null, reason = null, duration_ms = null } = told;
  const fields = { task_id: task_id ?? null, outcome, reason, duration_ms, detail: detail ?? null };
  // What has no outcome yet is an intent.
  const level = outcome === null ? 'debug' : FINE.has(outcome) ? 'info' : 'warn';
  log[level]({ ...fields, action: nameOf(task_id, action, ledger) }, event);
}

function nameOf(taskId: string | undefined, action: number | undefined, ledger: Ledger): string | null {
  if (taskId === undefined || action === undefined) return null;
  const task = ledger.task(taskId)?.task;
  return (task && workOf(task, ledger)?.actions[action - 1]?.action) ?? null;
}
