import { type AdmissionFacts, type Candidate, type Check, verifiedTokens } from '../facts.ts';
import { goesWithoutSecurity } from '../policy.ts';
import type { Missing } from '../reasons.ts';

/** Approved and cleared. Missing is not wrong: the task is held until both are there, or it expires. */
export const attested: Check = (candidate, facts) => {
  if (!('actions' in candidate.task)) return undefined;
  const missing: Missing[] = [];
  if (!says(facts, 'approved')) missing.push('not-approved');
  if (!says(facts, 'cleared') && !clearanceWaived(candidate, facts)) missing.push('not-cleared');
  return missing.length > 0 ? { kind: 'held', missing } : undefined;
};

function says(facts: AdmissionFacts, decision: string): boolean {
  return verifiedTokens(facts).some(({ claims }) => claims.decision === decision);
}

/** Policy lists this kind of task, and PlanReview (never Manager) says that its workflow has no Security. */
function clearanceWaived({ task }: Candidate, facts: AdmissionFacts): boolean {
  if (!goesWithoutSecurity(facts.policy, task.operation_type, task.environment)) return false;
  return verifiedTokens(facts).some(({ claims }) => claims.security === 'not-in-workflow');
}
