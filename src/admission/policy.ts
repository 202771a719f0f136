import { z } from 'zod';
import { ActionName, Environment, HostName, OperationType } from '../contract/names.ts';

/** `etc/policy.yaml`: what may run here at all, approved or not. Exact names; empty allows nothing. */
export const Policy = z.strictObject({
  allow: z.array(
    z.strictObject({
      actions: z.array(ActionName).min(1),
      environments: z.array(Environment).min(1),
      hosts: z.array(HostName).min(1),
    }),
  ),
  /** Where a task may go without Security, if PlanReview's approval says that its workflow has none. */
  without_security: z.array(z.strictObject({ operation_type: OperationType, environment: Environment })).optional(),
});
export type Policy = z.infer<typeof Policy>;

export interface PolicyQuestion {
  action: string;
  environment: Environment;
  host: string;
}

export function allows(policy: Policy, { action, environment, host }: PolicyQuestion): boolean {
  return policy.allow.some(
    (rule) => rule.actions.includes(action) && rule.environments.includes(environment) && rule.hosts.includes(host),
  );
}

/** The lines of `etc/policy.yaml` that would allow it. */
export function allowingLines(actions: readonly string[], environment: Environment, host: string): string {
  return [
    'allow:',
    `  - actions: [${actions.join(', ')}]`,
    `    environments: [${environment}]`,
    `    hosts: ["${host}"]`,
  ].join('\n');
}

export function goesWithoutSecurity(policy: Policy, operationType: OperationType, environment: Environment): boolean {
  const listed = policy.without_security ?? [];
  return listed.some((rule) => rule.operation_type === operationType && rule.environment === environment);
}
