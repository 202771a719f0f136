import { z } from 'zod';
import { AlertMessage } from '../../contract/alert.ts';
import { HealthCheck, OpsOutput } from '../../contract/ops-output.ts';
import { Report } from '../../contract/report.ts';
import { type Redactor, redacted, redactedAs } from '../../secret.ts';
import type { Ledger } from '../../services/ledger.ts';

const HealthChecks = z.array(HealthCheck);
/** What the outbox holds; it is signed when it is published. */
const BODIES: Record<'report' | 'alert', z.ZodType<object>> = {
  report: Report.omit({ signature: true }),
  alert: AlertMessage.omit({ signature: true }),
};

/**
 * The same ledger; what is written into it to be told to people holds no secret. What is to be done and undone stays as it
 * is: tasks as they were signed, plans, and what steps captured.
 */
export function maskedLedger(ledger: Ledger, redactor: Redactor): Ledger {
  const mask = (text: string) => redactor.redact(text);
  const maskReason = <T extends { reason?: string }>(slot: T): T =>
    slot.reason === undefined ? slot : { ...slot, reason: mask(slot.reason) };
  return {
    ...ledger,
    changeStep: (taskId, n, change) => {
      const { message, health } = change;
      const told = {
        ...(message !== undefined && { message: mask(message) }),
        ...(health && { health: redactedAs(HealthChecks, health, redactor) }),
      };
      ledger.changeStep(taskId, n, { ...change, ...told });
    },
    addSlot: (slot) => ledger.addSlot(maskReason(slot)),
    changeSlot: (place, change) => ledger.changeSlot(place, maskReason(change)),
    conclude: (taskId, ended) =>
      ledger.conclude(taskId, { ...ended, opsOutput: redactedAs(OpsOutput, ended.opsOutput, redactor) }),
    append: (kind, id, body) => ledger.append(kind, id, (seq) => redactedAs(BODIES[kind], body(seq), redactor)),
    audit: ({ detail, ...event }, told) =>
      ledger.audit({ ...event, ...(detail && { detail: redacted(detail, redactor) }) }, told),
  };
}
