import { z } from 'zod';
import { UtcTime } from './names.ts';
import { Evidence } from './report.ts';

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
