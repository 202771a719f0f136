import { z } from 'zod';
import { OperationType } from './names.ts';

export const ActionTaken = z.strictObject({
  action: z.string(),
  /** `<host>/<app, service or path>` */
  target: z.string(),
  /** `success` is applied and standing; taken back or unfinished is `failed`, and the notes say which. */
  result: z.enum(['success', 'failed']),
  /** A full command for the operator, or `none: <why>`. */
  rollback_command: z.string(),
});

export const HealthCheck = z.strictObject({
  service: z.string(),
  status: z.enum(['healthy', 'degraded', 'down']),
  endpoint: z.string(),
});

/** What became of an environment variable; never its value. */
export const EnvironmentChange = z.strictObject({
  variable: z.string(),
  action: z.enum(['added', 'modified', 'removed']),
  service: z.string(),
});

/** Why a task is blocked, and which role can resolve it. */
export const Blocker = z.strictObject({
  code: z.string(),
  message: z.string(),
  owner: z.enum(['manager', 'security', 'plan-review', 'operator']),
});

/** The report that people read, in this order of keys. */
export const OpsOutput = z.strictObject({
  task_id: z.string().min(1),
  status: z.enum(['completed', 'blocked']),
  operation_type: OperationType,
  actions_taken: z.array(ActionTaken),
  health_checks: z.array(HealthCheck),
  monitoring_setup: z.array(z.strictObject({ metric: z.string(), threshold: z.string(), notification: z.string() })),
  environment_changes: z.array(EnvironmentChange),
  blockers: z.array(Blocker),
  notes: z.string(),
});

export type ActionTaken = z.infer<typeof ActionTaken>;
export type HealthCheck = z.infer<typeof HealthCheck>;
export type EnvironmentChange = z.infer<typeof EnvironmentChange>;
export type Blocker = z.infer<typeof Blocker>;
export type Owner = Blocker['owner'];
export type OpsOutput = z.infer<typeof OpsOutput>;
