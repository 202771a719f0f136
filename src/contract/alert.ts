import { z } from 'zod';
import type { KeyRing } from './keyring.ts';
import { UtcTime } from './names.ts';
import { Evidence, verifyBody } from './report.ts';

/** Something that somebody must hear of. */
export const Alert = z.strictObject({
  alert_id: z.string().min(1).max(120),
  state: z.enum(['raised', 'acknowledged', 'cleared']),
  severity: z.enum(['info', 'warning', 'critical']),
  code: z.string(),
  subject: z.string(),
  message: z.string(),
  raised_at: UtcTime,
  /** The tasks that changed something here before it was raised. */
  changes: z.array(z.string()),
});
export type Alert = z.infer<typeof Alert>;

const AlertEvidence = z.strictObject({
  seq: Evidence.shape.seq,
  host: Evidence.shape.host,
  version: z.string(),
  dev: z.literal(true).optional(),
  audit: Evidence.shape.audit,
});

/** A job's data on `ops-alerts`. */
export const AlertMessage = z.strictObject({ alert: Alert, evidence: AlertEvidence, signature: z.string() });
export type AlertMessage = z.infer<typeof AlertMessage>;

/**
 * Checks that the host that it names signed this message of an alert, unaltered, and returns it.
 * @throws with the reason when it is malformed, altered, unsigned or signed by another role.
 */
export async function verifyAlert(message: unknown, ring: KeyRing): Promise<AlertMessage> {
  const parsed = AlertMessage.parse(message);
  const { signature, ...body } = parsed;
  const { alert, evidence } = parsed;
  verifyBody(signature, { id: `${alert.alert_id}-${alert.state}`, host: evidence.host }, body, ring);
  return parsed;
}
